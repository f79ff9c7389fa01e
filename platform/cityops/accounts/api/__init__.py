"""The API of organisations, people and one's own account."""
