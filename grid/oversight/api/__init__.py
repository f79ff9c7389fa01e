"""The API of oversight."""
