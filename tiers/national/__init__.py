"""What the national instance 国家 adds: its menu."""
