"""``manage.py front_exchange``: put into and take from the front-end database; run it from cron, every minute."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from sync.exchange.services.keys import NoSigningKey
from sync.roads.services.front import NoFrontDatabase, carry, prepare


class Command(OperatorCommand):
    """One round with the front-end database."""

    help = "Put what the peers lack into the front-end database, and take what came through it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether to make the tables."""
        parser.add_argument("--prepare", action="store_true", help="make the tables where they are missing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, and say what was done."""
        try:
            if options["prepare"]:
                prepare()
            done = carry()
        except (NoFrontDatabase, NoSigningKey, CityOpsError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{done.put} batches put, {done.cleared} cleared, {done.taken} taken, {done.receipts} receipts, "
            f"{done.refused} rows refused."
        )
