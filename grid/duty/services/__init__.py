"""Decisions about duty: one verb, one transaction, one entry in the trail."""
