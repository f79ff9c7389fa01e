"""Celery: wakes work that lives in the database; losing it costs delay, never data."""

import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cityops.settings.development")

app = Celery("cityops")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def log_as_django_does(**_options: Any) -> None:
    """One shape of log for web and worker; with a receiver here, Celery sets up none of its own."""
    from django.conf import settings  # noqa: PLC0415 (settings are read when the worker starts)

    logging.config.dictConfig(settings.LOGGING)
