"""Look for signals now."""

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from grid.signals.rules.kinds import Kind
from grid.signals.services.finding import find


class Command(OperatorCommand):
    """What the nightly task does, over other days if wanted; a second run writes nothing twice."""

    help = "Look for signals; with --from and --to over those days instead of the windows of the settings."

    def add_arguments(self, parser: ArgumentParser) -> None:  # noqa: D102
        parser.add_argument("--from", dest="first", type=date.fromisoformat, metavar="DAY")
        parser.add_argument("--to", dest="last", type=date.fromisoformat, metavar="DAY")
        parser.add_argument("--json", action="store_true", help="one line of JSON instead of a table")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: D102
        try:
            run = find(first=options["first"], last=options["last"])
        except CityOpsError as error:
            raise CommandError(error.detail) from error
        if options["json"]:
            told = {kind.value: {"new": run.new[kind], "again": run.again[kind], "is_on": kind not in run.off}
                    for kind in Kind}  # fmt: skip
            self.stdout.write(json.dumps(told))
            return
        for kind in Kind:
            told_of = "off" if kind in run.off else f"{run.new[kind]} new, {run.again[kind]} known"
            self.stdout.write(f"{kind.value:12} {told_of}")
