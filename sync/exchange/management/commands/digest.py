"""``manage.py digest``: the digests of what this node holds, per owner and dataset."""

from argparse import ArgumentParser
from typing import Any

import msgspec
from django.conf import settings

from cityops.foundation.commands import OperatorCommand
from sync.exchange.services.digests import all_digests


class Command(OperatorCommand):
    """Print digests computed from the rows themselves; equal lines at two nodes mean equal records."""

    help = "Print the digest of the records held here, per owner and dataset (from the rows as they are)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Form and choice."""
        parser.add_argument("--json", action="store_true", help="one JSON line per owner and dataset")
        parser.add_argument("--owner", default="", help="only this owner's")
        parser.add_argument("--dataset", default="", help="only this dataset")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compute and print."""
        for found in all_digests(owner=options["owner"], dataset=options["dataset"]):
            facts = {
                "node": settings.CITYOPS_NODE,
                "owner": found.owner,
                "dataset": found.dataset,
                "records": found.records,
                "deleted": found.deleted,
                "digest": found.value,
            }
            if options["json"]:
                self.stdout.write(msgspec.json.encode(facts).decode())
            else:
                self.stdout.write(f"{found.owner} {found.dataset} {found.records:>9} {found.value}")
