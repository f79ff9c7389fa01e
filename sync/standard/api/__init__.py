"""API of the standard."""
