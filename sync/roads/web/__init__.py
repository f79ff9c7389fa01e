"""Pages of the roads."""
