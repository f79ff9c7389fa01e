"""Commands of the roads."""
