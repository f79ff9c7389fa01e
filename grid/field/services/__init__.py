"""Writes of field."""
