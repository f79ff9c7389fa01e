"""What oversight decides, without database."""
