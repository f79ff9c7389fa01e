"""Decisions people or peers make: one verb, one transaction, one trace, one event."""
