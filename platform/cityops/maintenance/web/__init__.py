"""Pages of the maintenance system 应用维护."""
