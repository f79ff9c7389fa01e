"""Writes of the maintenance system."""
