"""What aggregation is asked for."""
