"""Questions of other platforms and of desktop GIS."""
