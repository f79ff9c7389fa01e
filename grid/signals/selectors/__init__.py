"""Reads of signals."""
