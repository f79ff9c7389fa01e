"""Reads of field."""
