"""How desks are written."""
