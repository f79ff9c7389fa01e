"""Commands of performance."""
