"""Rules of field: plain Python."""
