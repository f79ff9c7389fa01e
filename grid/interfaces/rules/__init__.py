"""Rules of interfaces: plain Python."""
