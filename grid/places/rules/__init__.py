"""Rules of places: plain Python."""
