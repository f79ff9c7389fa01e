"""Management commands of the standard."""
