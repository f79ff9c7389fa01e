"""Real instances on loopback, joined into one chain."""
