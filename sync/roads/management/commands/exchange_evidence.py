"""``manage.py exchange_evidence PEER FILE``: batches and receipts of a link, for ``verifier/csp_verify.py``."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from sync.exchange.services.keys import NoSigningKey
from sync.roads.services.evidence import evidence


class Command(OperatorCommand):
    """Write what proves who sent what when."""

    help = "Write every batch of the link to PEER and both ends' receipts into FILE, to be checked by csp_verify.py."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Of which link, and where to."""
        parser.add_argument("peer", help="node code of the parent or a child")
        parser.add_argument("file", type=Path, help="file to write")

    def handle(self, *args: Any, **options: Any) -> None:
        """Gather and write."""
        try:
            load, data = evidence(options["peer"])
            options["file"].write_bytes(data)
        except CityOpsError as error:
            raise CommandError(error.detail) from error
        except (OSError, NoSigningKey) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{options['file']}: {load.batches} batches, {load.records} records, {load.receipts} receipts."
        )
