"""The grid for other systems: ``/api/v1/``."""
