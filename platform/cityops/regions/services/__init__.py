"""Reading, deriving and loading divisions."""
