"""API of the nodes."""
