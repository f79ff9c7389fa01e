"""Attempts to take a batch: how often the applying process ended before it came to an end with it."""

from django.db import models


class Attempt(models.Model):
    """A batch that is being taken, one row per stream: committed before the work, reset after it."""

    stream_name = models.CharField(max_length=80, primary_key=True)
    body_sha = models.CharField(max_length=64)
    tries = models.PositiveSmallIntegerField(default=1)
    begun_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "sync_attempt"
