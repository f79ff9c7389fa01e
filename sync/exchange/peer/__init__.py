"""Peer calls: what a child asks of its parent, under /sync/v1/."""
