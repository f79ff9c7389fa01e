"""Rules of intake: plain Python."""
