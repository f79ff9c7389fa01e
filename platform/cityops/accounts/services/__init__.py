"""Writes: people, organisations, roles, tokens, grants; each with its audit entry."""
