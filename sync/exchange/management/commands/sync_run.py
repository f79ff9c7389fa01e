"""``manage.py sync_run [--for SECONDS]``: the exchange without Celery."""

import time
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

import msgspec
from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from cityops.foundation.commands import OperatorCommand
from sync.exchange.services.running import Deadline, parent_link, run_slice

MOST_FAILURES = 5
"""Failures of the link after which the command gives up; what is left goes with the next run."""


class Command(OperatorCommand):
    """Run slices of the exchange: once until nothing is left, or again and again for some seconds."""

    help = "Number what changed, push it to the parent, pull from the parent; what Celery's tick does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How long to go on."""
        parser.add_argument("--for", type=float, default=0, dest="seconds", help="seconds to go on for; 0: until idle")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, and print one JSON line per slice that did something. Fails where the link does for the fifth time."""
        deadline, failures = Deadline(options["seconds"]), 0
        while True:
            done = run_slice()
            if not done.is_idle or done.error:
                self.stdout.write(msgspec.json.encode(asdict(done)).decode())
                self.stdout.flush()
            if options["seconds"]:
                if deadline.is_over:
                    return
                time.sleep(min(1.0, settings.SYNC_TICK_SECONDS) if done.is_idle else 0)
            elif done.error:
                failures += 1
                if failures == MOST_FAILURES:
                    raise CommandError(done.error)
                _await_retry(done.error)
            elif done.is_idle:
                return


def _await_retry(error: str) -> None:
    """Sleep until the link is tried again. Raises CommandError where only a person can help: the link is frozen."""
    link = parent_link()
    if link is None:
        raise CommandError(error)
    if link.retry_at is not None:
        time.sleep(max(0.0, (link.retry_at - timezone.now()).total_seconds()))
