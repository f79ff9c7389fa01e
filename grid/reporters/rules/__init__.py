"""Rules of reporters: plain Python."""
