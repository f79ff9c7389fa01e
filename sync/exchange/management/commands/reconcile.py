"""``manage.py reconcile``: compare this node's records with its parent's, now."""

from typing import Any

import msgspec
from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from sync.exchange.services.client import PeerUnreachable
from sync.exchange.services.running import reconcile


class Command(OperatorCommand):
    """Compare digests with the parent, and have sent again what differs."""

    help = "Compare all exchanged records with the parent; prints one JSON line per owner and dataset."

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare and print."""
        try:
            results = reconcile()
        except (CityOpsError, PeerUnreachable) as error:
            raise CommandError(str(error)) from error
        for result in results:
            facts = {
                "peer": result.peer_code,
                "owner": result.owner_code,
                "dataset": result.dataset,
                "result": result.result,
                "records": result.records,
                "missing": result.missing,
                "differing": result.differing,
                "orphans": result.orphans,
                "in_flight": result.in_flight,
            }
            self.stdout.write(msgspec.json.encode(facts).decode())
