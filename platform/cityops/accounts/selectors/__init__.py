"""Reads of organisations, people, roles and tokens."""
