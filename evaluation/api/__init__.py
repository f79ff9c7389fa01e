"""The API of the figures: the same members as ``manage.py figure --json``."""
