"""Rules of desks: plain Python."""
