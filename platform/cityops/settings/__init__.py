"""Settings: ``base`` for all, and one module each for development, test and production."""
