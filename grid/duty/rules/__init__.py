"""Rules of duty: plain Python."""
