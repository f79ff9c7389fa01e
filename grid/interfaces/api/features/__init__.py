"""OGC API Features: Part 1 Core (OGC 17-069r4) and Part 2 Coordinate Reference Systems (OGC 18-058r1)."""
