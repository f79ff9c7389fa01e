"""Questions about performance: counts, statements, the cases behind a number, snapshots."""
