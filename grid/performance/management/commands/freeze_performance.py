"""Freeze the results of a period."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from grid.performance.services.snapshots import freeze, read_period


class Command(OperatorCommand):
    """Freeze areas, departments and posts; what is frozen already stays as it is."""

    help = "Freeze the performance of PERIOD (2026-10, 2026Q3, 2026H1, 2026)."

    def add_arguments(self, parser: ArgumentParser) -> None:  # noqa: D102
        parser.add_argument("period", metavar="PERIOD")
        parser.add_argument("--formulas", default="", metavar="KEY", help="formula set, as sample-2026.1")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: D102
        try:
            made = freeze(None, read_period(options["period"]), key=options["formulas"])
        except CityOpsError as error:
            raise CommandError(error.detail) from error
        for snapshot in made:
            self.stdout.write(f"{snapshot}: {snapshot.rows.count()} objects, {snapshot.digest[:12]}")
        if not made:
            self.stdout.write("frozen already, nothing changed")
