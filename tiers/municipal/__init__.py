"""What the municipal instance 市 adds: its menu."""
