"""A real Chromium walks the first page of each person, on real instances."""
