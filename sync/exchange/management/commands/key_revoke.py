"""``manage.py key_revoke KID --reason TEXT``: revoke a key at once and for good."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from sync.exchange.services.rotating import revoke


class Command(OperatorCommand):
    """Revoke a key of this node or of one below; its node's link freezes, and the word travels on."""

    help = "Revoke a key of this node or of one below it; the link of its node freezes at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which key and why."""
        parser.add_argument("kid", help="id of the key")
        parser.add_argument("--reason", required=True, help="why; kept in the audit trail and told to other nodes")

    def handle(self, *args: Any, **options: Any) -> None:
        """Revoke."""
        try:
            key = revoke(options["kid"], reason=options["reason"])
        except CityOpsError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"{key.node_code}: key {key.kid} is revoked.")
