"""Loading dictionaries, changing rules."""
