"""Questions about the standard."""
