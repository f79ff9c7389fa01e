"""Wake-ups of the exchange. The work lies in the database; a wake-up that is lost costs delay, never data."""

from celery import shared_task
from celery.schedules import crontab
from django.conf import settings

from sync.exchange.rules.refusals import PeerRefused
from sync.exchange.services import housekeeping, parking, running
from sync.exchange.services.client import PeerUnreachable


@shared_task(name="sync.tick")
def tick() -> None:
    """One slice: number what changed, push, pull."""
    running.run_slice()


@shared_task(name="sync.reconcile")
def reconcile_nightly() -> None:
    """Compare everything with the parent; a link that does not answer is noted and compared the next night."""
    try:
        running.reconcile()
    except (PeerRefused, PeerUnreachable) as error:
        link = running.parent_link()
        if link is not None:
            running.note_failure(link, error)


@shared_task(name="sync.retry_parked")
def retry_parked() -> None:
    """Try parked records again: what they lacked may be there by now."""
    parking.retry_waiting()


@shared_task(name="sync.tidy")
def tidy() -> None:
    """Clear away unused numbers, make the partitions of the coming months."""
    housekeeping.tidy()


SCHEDULE = {
    "sync.tick": ("sync.tick", settings.SYNC_TICK_SECONDS),
    "sync.retry_parked": ("sync.retry_parked", crontab(minute=17)),
    "sync.reconcile": ("sync.reconcile", crontab(hour=2, minute=30)),
    "sync.tidy": ("sync.tidy", crontab(hour=3, minute=45)),
}
"""What beat starts, by name: (task, seconds or crontab)."""
