"""API of divisions."""
