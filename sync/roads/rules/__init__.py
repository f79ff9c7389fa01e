"""Rules of the roads."""
