"""Rules of signals: plain Python."""
