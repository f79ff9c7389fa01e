"""Management commands of divisions."""
