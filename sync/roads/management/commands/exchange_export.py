"""``manage.py exchange_export PEER FILE``: the next bundle for a peer, for a one-way gateway or a memory stick."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from sync.exchange.services.keys import NoSigningKey
from sync.roads.models import Bundle
from sync.roads.services.exporting import export


class Command(OperatorCommand):
    """Write what a peer lacks as one signed, numbered file."""

    help = "Write the next bundle for PEER (batches, receipts, keys) into FILE, or under its own name into a folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """For whom and where to."""
        parser.add_argument("peer", help="node code of the parent or a child")
        parser.add_argument("file", type=Path, help="file to write, or the folder for it")
        parser.add_argument(
            "--again", action="store_true", help="everything that is not acknowledged, not only what came since"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make and write it; where it cannot be written, its number is not used."""
        path: Path = options["file"]

        def target(bundle: Bundle) -> Path:
            return path / bundle.file_name if path.is_dir() else path

        try:
            bundle, _data = export(
                options["peer"], again=options["again"], deliver=lambda made, data: target(made).write_bytes(data)
            )
        except CityOpsError as error:
            raise CommandError(error.detail) from error
        except (OSError, NoSigningKey) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{target(bundle)}: bundle {bundle.number} for {bundle.peer_code}, {bundle.batches} batches, "
            f"{bundle.records} records, {bundle.receipts} receipts."
        )
