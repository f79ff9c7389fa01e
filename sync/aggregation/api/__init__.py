"""The API of aggregation."""
