"""Background work of interfaces. What is to be sent lives in the database; losing a wake-up costs delay only."""

from contextlib import suppress
from typing import Any

from celery import shared_task
from celery.schedules import crontab
from kombu.exceptions import OperationalError

from grid.interfaces.services.sending import deliver_due, drop_old
from grid.interfaces.services.telling import tell_lost


@shared_task(acks_late=True)
def deliver() -> int:
    """Send the webhooks that are due. Returns how many attempts were made."""
    return deliver_due()


def wake_deliveries() -> None:
    """Ask a worker to send now; without a broker the schedule does it within seconds."""
    with suppress(OperationalError):
        deliver.apply_async(retry=False)


@shared_task
def tell_what_was_lost() -> int:
    """Tell partners what no signal told. Returns how many cases were looked at."""
    return tell_lost()


@shared_task
def clear_old_deliveries() -> int:
    """Remove deliveries of long ago. Returns how many."""
    return drop_old()


SCHEDULE: dict[str, tuple[str, Any]] = {
    "interfaces.deliver": ("grid.interfaces.tasks.deliver", 10),
    "interfaces.tell_lost": ("grid.interfaces.tasks.tell_what_was_lost", 60),
    "interfaces.clear_deliveries": ("grid.interfaces.tasks.clear_old_deliveries", crontab(hour=3, minute=10)),
}
