"""``manage.py key_rotate``: a new signing key for this node; the earlier one stays good until it expires."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from sync.exchange.rules.crypto import SUITES
from sync.exchange.services.keys import NoSigningKey
from sync.exchange.services.rotating import rotate


class Command(OperatorCommand):
    """Make a new key, introduced by the present one; it signs once two people have approved it."""

    help = "Make a new signing key; two people at the parent (at the nation: here) approve it before it signs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The suite, where it changes."""
        parser.add_argument("--suite", choices=sorted(SUITES), default="", help="suite of the key; the present one's")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it and print its id, to be compared by telephone."""
        try:
            key = rotate(options["suite"])
        except NoSigningKey as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{key.node_code}: key {key.kid} ({key.suite}) waits for its approval.")
