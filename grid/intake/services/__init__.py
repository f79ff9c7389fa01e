"""Decisions of intake."""
