"""What aggregation writes."""
