"""What oversight writes."""
