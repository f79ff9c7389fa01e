"""``manage.py erase_record DATASET RID --reason …``: erase a record of this node for privacy, everywhere."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from sync.exchange.services.erasing import erase_record


class Command(OperatorCommand):
    """Erase one record with all that was ever stored of it; the other nodes follow by the stream."""

    help = "Erase a record of this node for privacy, here at once and at the receivers by the stream."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which record, and why."""
        parser.add_argument("dataset", help="dataset code, as GL01")
        parser.add_argument("rid", type=UUID, help="identifier of the record")
        parser.add_argument("--reason", required=True, help="goes to the audit trail")

    def handle(self, *args: Any, **options: Any) -> None:
        """Erase, and say in how many batches there was a version."""
        try:
            found = erase_record(None, dataset=options["dataset"], rid=options["rid"], reason=options["reason"])
        except CityOpsError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"{found}: wiped in {found.wiped_batches} batches here; receivers confirm by receipt.")
