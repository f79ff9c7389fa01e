"""What the exchange decides and does; one transaction per decision."""
