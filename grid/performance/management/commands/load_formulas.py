"""Load a formula set of the performance evaluation from a JSON file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from grid.performance.services.formulas import load_formulas, read_document


class Command(OperatorCommand):
    """Load one version of a set; it is checked whole, and every fault is told."""

    help = "Load a formula set from FILE (JSON). A version that is there stays as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:  # noqa: D102
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--default", action="store_true", help="let this set hold where none is asked for")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: D102
        try:
            document = read_document(options["file"].read_bytes())
            stored = load_formulas(None, document, is_default=options["default"])
        except (CityOpsError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{stored.key}: {stored.title}{' (default)' if stored.is_default else ''}")
