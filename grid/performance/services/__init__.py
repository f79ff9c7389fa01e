"""What people and the schedule decide about performance."""
