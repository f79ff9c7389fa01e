"""Oversight 上级督办: a superior tier supervises a city's case; the answer goes up (JD01, JD02)."""
