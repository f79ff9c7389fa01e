"""Builders of test data: each makes one valid thing, and takes what matters to the test as arguments."""
