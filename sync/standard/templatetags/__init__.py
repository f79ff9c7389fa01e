"""Tags of the standard."""
