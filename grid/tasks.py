"""Background work of the grid. Waiting imports live in the database and on disk; losing a wake-up costs delay only."""

from contextlib import suppress

from celery import shared_task
from kombu.exceptions import OperationalError

from grid.services.imports.uploads import run_stored, waiting_runs


@shared_task(acks_late=True)
def import_waiting() -> None:
    """Import the uploaded files that wait, oldest first.

    One file is one transaction, so it is no slice: the largest upload (200 MB) bounds it.
    """
    for pk in waiting_runs():
        run_stored(pk)


def wake_imports() -> None:
    """Ask a worker to look; without a broker the schedule does it within a minute."""
    with suppress(OperationalError):
        import_waiting.apply_async(retry=False)


SCHEDULE = {"grid.import_waiting": ("grid.tasks.import_waiting", 60)}
