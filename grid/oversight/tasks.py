"""Background work of oversight: what an interrupted run left is made up."""

from typing import Any

from celery import shared_task

from grid.oversight.services.hearing import hear
from grid.oversight.services.taking import take_up, tell_answers


@shared_task
def make_up() -> None:
    """Take up, tell and hear whatever is still to do; nothing on most runs."""
    take_up()
    tell_answers()
    hear()


SCHEDULE: dict[str, tuple[str, Any]] = {"oversight.make_up": ("grid.oversight.tasks.make_up", 60.0)}
