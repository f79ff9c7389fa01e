"""Reads of the maintenance system."""
