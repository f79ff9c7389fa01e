"""The data exchange under faults: seeded runs, directed scenarios, deliberately broken builds (docs/chaos.md)."""
