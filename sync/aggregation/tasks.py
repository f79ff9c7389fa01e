"""Background work of aggregation: slices of quality runs, what changed, issues and answers."""

from celery import shared_task
from celery.schedules import crontab

from sync.aggregation.services import hearing, raising, running


@shared_task(name="aggregation.tick")
def tick() -> None:
    """One slice: go on with the run under way, or look at what arrived; then raise and close issues, hear answers."""
    run = running.carry_on()
    if run is None:
        run = running.look_at_changes()
    if run is not None and run.state == run.State.DONE:
        raising.follow()
    hearing.hear()


@shared_task(name="aggregation.nightly")
def nightly() -> None:
    """Begin the whole run of the night; the slices do it."""
    running.begin()


SCHEDULE = {
    "aggregation.tick": ("aggregation.tick", 120.0),
    "aggregation.nightly": ("aggregation.nightly", crontab(hour=4, minute=10)),
}
"""What beat starts, by name: (task, seconds or crontab)."""
