"""Services of the roads."""
