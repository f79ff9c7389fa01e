"""Real instances on loopback."""
