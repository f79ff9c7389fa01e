"""``manage.py quality_rules FILE``: add quality rules of a file, or new versions of those there are."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from sync.aggregation.rules.rulebook import read
from sync.aggregation.services.ruling import load_rules


class Command(OperatorCommand):
    """Load rules; every one is tried before it is kept, and all of a file are kept or none."""

    help = "Load quality rules from a JSON file (see docs/aggregation.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and print the codes and versions of what is new."""
        try:
            new = load_rules(read(json.loads(options["file"].read_text(encoding="utf-8"))).values())
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        for rule in new:
            self.stdout.write(f"{rule.code} v{rule.version}")
