"""Load the data standard: datasets, classes, disposal rules."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from sync.standard.checks import disagreements
from sync.standard.files import read_file, shipped_files
from sync.standard.services.loading import load_dictionary


class Command(OperatorCommand):
    """Load dictionary files beside those that are there, and say what changed."""

    help = (
        "Load the dictionaries that come with the product (correcting an earlier edition of them in place; edited "
        "rules stay), or FILE beside them. Loading the same again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:  # noqa: D102
        parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="JSON dictionary files")
        parser.add_argument("--default", action="store_true", help="use FILE where no version is named")
        parser.add_argument("--replace", action="store_true", help="correct a loaded version in place")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: D102
        started = time.perf_counter()
        make_default = True if options["default"] and options["files"] else None
        replace = options["replace"] or not options["files"]
        try:
            with transaction.atomic():
                for path in options["files"] or shipped_files():
                    file = read_file(path)
                    loaded = load_dictionary(file, make_default=make_default, replace=replace)
                    for line in loaded.lines():
                        self.stdout.write(line)
                    if file.kind == "datasets":  # the default has no disagreement, or it were refused
                        for error in disagreements(file.catalogue):
                            self.stderr.write(f"note: {error.msg}")
        except CityOpsError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{time.perf_counter() - started:.1f} s")
