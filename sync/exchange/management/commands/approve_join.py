"""``manage.py approve_join CHILD_NODE``: let a child in that has asked."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand, operator_name
from cityops.foundation.errors import CityOpsError
from sync.exchange.services.enrolment import approve


class Command(OperatorCommand):
    """Approve the request of a child node."""

    help = "Approve the request of a child node to join."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The child's node code."""
        parser.add_argument("child", help="node code of the child")

    def handle(self, *args: Any, **options: Any) -> None:
        """Approve."""
        try:
            link = approve(options["child"], by=operator_name())
        except CityOpsError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"{link.peer_code} ({link.peer_name}) may exchange records with this node.")
