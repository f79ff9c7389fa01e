"""``manage.py enrolment_code CHILD_NODE``: a one-time code with which a child may ask to join."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from sync.exchange.rules.crypto import SUITES
from sync.exchange.services.enrolment import make_code


class Command(OperatorCommand):
    """Print a one-time code for a child node; give it to the child out of band."""

    help = "Print a one-time code with which the child node may ask to join this node."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The child's node code."""
        parser.add_argument("child", help="node code of the child, as 330100000000-C")
        parser.add_argument("--suite", choices=sorted(SUITES), default="", help="suite of the link; this node's own")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make and print the code."""
        try:
            self.stdout.write(make_code(options["child"], options["suite"]))
        except CityOpsError as error:
            raise CommandError(error.detail) from error
