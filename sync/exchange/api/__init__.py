"""API of the exchange."""
