"""Definitions of datasets as plain data."""
