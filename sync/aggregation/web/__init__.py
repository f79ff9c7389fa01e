"""Pages of aggregation."""
