"""``manage.py exchange_import FILE...``: take bundles, in any order."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from sync.roads.services.importing import take


class Command(OperatorCommand):
    """Take bundles that a peer made for this node."""

    help = "Take the bundles FILE...; order does not matter, and one that was taken before changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which files."""
        parser.add_argument("files", nargs="+", type=Path, help="files that exchange_export wrote")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take each, go on after one that is refused, and fail at the end if there was one."""
        failed = []
        for path in options["files"]:
            try:
                done = take(path.read_bytes())
            except (CityOpsError, OSError) as error:
                failed.append(path)
                self.stderr.write(f"{path}: refused, nothing of it was stored: {getattr(error, 'code', '')} {error}")
                continue
            self.stdout.write(
                f"{path}: bundle {done.bundle.number} of {done.bundle.peer_code}: {done.applied} batches in, "
                f"{done.known} known, {done.waiting} waiting, {done.receipts} receipts."
            )
        if failed:
            raise CommandError(f"{len(failed)} of {len(options['files'])} files were refused.")
