"""``manage.py key_approve KID``: approve a key that waits; it takes two people."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from sync.exchange.models import Key
from sync.exchange.services.rotating import approve, approver


class Command(OperatorCommand):
    """Approve a new key of a child node (at the nation also of its own), as one of two people."""

    help = "Approve a key that waits, as the first or the second of two people; compare its id by telephone first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which key."""
        parser.add_argument("kid", help="id of the key")

    def handle(self, *args: Any, **options: Any) -> None:
        """Approve and say what it still takes."""
        try:
            key = approve(options["kid"], by=approver())
        except CityOpsError as error:
            raise CommandError(error.detail) from error
        left = "is active" if key.state == Key.State.ACTIVE else "waits for a second person"
        self.stdout.write(f"{key.node_code}: key {key.kid} {left}.")
