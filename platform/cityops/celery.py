"""Celery: wakes work that lives in the database; losing it costs delay, never data."""

import logging.config
import os
from importlib import import_module
from typing import Any

import django
from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cityops.settings.production")

app = Celery("cityops")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
SCHEDULED: tuple[tuple[str, frozenset[str]], ...] = (
    ("cityops.foundation.tasks", frozenset()),
    ("cityops.accounts.tasks", frozenset()),
    ("sync.exchange.tasks", frozenset({"exchange"})),
    ("sync.aggregation.tasks", frozenset({"aggregation"})),
    ("grid.tasks", frozenset({"command"})),
    ("grid.places.tasks", frozenset({"command"})),
    ("grid.reporters.tasks", frozenset({"command"})),
    ("grid.duty.tasks", frozenset({"command"})),
    ("grid.intake.tasks", frozenset({"command"})),
    ("grid.performance.tasks", frozenset({"command"})),
    ("grid.oversight.tasks", frozenset({"command", "analysis"})),
    ("grid.signals.tasks", frozenset({"command"})),
    ("grid.desks.tasks", frozenset({"command"})),
    ("grid.field.tasks", frozenset({"command"})),
    ("grid.interfaces.tasks", frozenset({"command"})),
)
"""(module with ``SCHEDULE``, systems): beat starts its tasks where one of the systems runs; no systems means always."""


def schedule(systems: frozenset[str]) -> dict[str, dict[str, Any]]:
    """What beat starts on an instance that runs ``systems``, in Celery's words.

    Raises ModuleNotFoundError where a listed module is missing.
    """
    found: dict[str, dict[str, Any]] = {}
    for module, needed in SCHEDULED:
        if needed and not needed & systems:
            continue
        for name, (task, when) in import_module(module).SCHEDULE.items():
            found[name] = {"task": task, "schedule": when, "options": {"expires": 15} if _is_short(when) else {}}
    return found


def _is_short(when: Any) -> bool:
    """A wake-up every few seconds is worth nothing later; the next one comes anyway."""
    return isinstance(when, int | float) and when <= 60


@app.on_after_finalize.connect
def fill_schedule(sender: Celery, **_options: Any) -> None:
    """Collect the schedules of the systems that run here, once the tasks are known."""
    from django.apps import apps  # noqa: PLC0415 (Celery reads this module before Django is set up)

    if not apps.ready:
        django.setup()
    from tiers.systems import active_systems  # noqa: PLC0415

    sender.conf.beat_schedule = schedule(active_systems())


@setup_logging.connect
def log_as_django_does(**_options: Any) -> None:
    """One shape of log for web and worker; with a receiver here, Celery sets up none of its own."""
    from django.conf import settings  # noqa: PLC0415 (settings are read when the worker starts)

    logging.config.dictConfig(settings.LOGGING)
