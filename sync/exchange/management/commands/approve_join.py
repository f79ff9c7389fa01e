"""``manage.py approve_join CHILD_NODE``: let a child in that has asked."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cityops.foundation.errors import CityOpsError
from sync.exchange.management.operator import acting_operator, operator_name
from sync.exchange.services.enrolment import approve


class Command(BaseCommand):
    """Approve the request of a child node."""

    help = "Approve the request of a child node to join."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The child's node code."""
        parser.add_argument("child", help="node code of the child")

    def handle(self, *args: Any, **options: Any) -> None:
        """Approve."""
        try:
            with acting_operator():
                link = approve(options["child"], by=operator_name())
        except CityOpsError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"{link.peer_code} ({link.peer_name}) may exchange records with this node.")
