"""Writes of signals."""
