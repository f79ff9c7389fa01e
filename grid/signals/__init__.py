"""Signals 疑点: what looks odd and deserves a second look; for review, never for punishment."""
