"""Load the official notices of public holidays into the working calendar."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from grid.services.calendar import load_official


class Command(OperatorCommand):
    """Load the working calendar; a year without a notice keeps counting by weekends and is marked."""

    help = "Load statutory holidays and make-up workdays of YEAR … (all known years, by default)."

    def add_arguments(self, parser: ArgumentParser) -> None:  # noqa: D102
        parser.add_argument("years", nargs="*", type=int, metavar="YEAR")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: D102
        try:
            loaded = load_official(options["years"])
        except CityOpsError as error:
            raise CommandError(error.detail) from error
        first, last = loaded.years[0], loaded.years[-1]
        self.stdout.write(
            f"{first}-{last}: {loaded.added} days added, {loaded.changed} changed, {loaded.kept_local} own days kept"
        )
        if not options["years"]:
            self.stdout.write(f"no official notice after {last}: later years count by weekends and are marked")
