"""Rules of performance: plain Python."""
