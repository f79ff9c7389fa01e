"""Count the daily rollup of performance anew."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from cityops.foundation.commands import OperatorCommand
from grid.performance.services.rollup import count_all, count_days


class Command(OperatorCommand):
    """Count days of the rollup, all of them by default: after an import of a history."""

    help = "Count the daily rollup from FIRST to LAST (all days by default)."

    def add_arguments(self, parser: ArgumentParser) -> None:  # noqa: D102
        parser.add_argument("first", nargs="?", type=date.fromisoformat, metavar="FIRST")
        parser.add_argument("last", nargs="?", type=date.fromisoformat, metavar="LAST")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: D102
        first, last = options["first"], options["last"] or options["first"]
        rows = count_days(first, last) if first else count_all()
        self.stdout.write(f"{rows} rows")
