"""Commands of reporters."""
