"""What the provincial instance 省 adds: its menu."""
