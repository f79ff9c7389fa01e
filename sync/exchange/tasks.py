"""Wake-ups of the exchange. The work lies in the database; a wake-up that is lost costs delay, never data."""

from celery import shared_task
from celery.schedules import crontab
from django.conf import settings

from sync.exchange.services import alarms, housekeeping, parking, running


@shared_task(name="sync.tick")
def tick() -> None:
    """One slice: number what changed, push, pull."""
    running.run_slice()


@shared_task(name="sync.reconcile")
def reconcile_nightly() -> None:
    """Ask for the comparison of the night; the slice makes it, this one or, where another is at work, the next."""
    running.ask_comparison()
    running.run_slice()


@shared_task(name="sync.retry_parked")
def retry_parked() -> None:
    """Try parked records again, however busy the exchange is: what they lacked may be there by now."""
    deadline = running.Deadline(settings.SYNC_SLICE_SECONDS)
    parking.retry_waiting(untried_for=running.RETRY_PARKED_AFTER, until=lambda: deadline.is_over)


@shared_task(name="sync.watch")
def watch() -> None:
    """Raise and close alarms."""
    alarms.check()


@shared_task(name="sync.tidy")
def tidy() -> None:
    """Clear away unused numbers, make the partitions of the coming months."""
    housekeeping.tidy()


SCHEDULE = {
    "sync.tick": ("sync.tick", settings.SYNC_TICK_SECONDS),
    "sync.watch": ("sync.watch", 30),
    "sync.retry_parked": ("sync.retry_parked", crontab(minute=17)),
    "sync.reconcile": ("sync.reconcile", crontab(hour=2, minute=30)),
    "sync.tidy": ("sync.tidy", crontab(hour=3, minute=45)),
}
"""What beat starts, by name: (task, seconds or crontab)."""
