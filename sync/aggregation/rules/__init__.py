"""What aggregation decides, without database."""
