"""``manage.py learn_classes``: learn the words of classes from closed cases."""

from typing import Any

from django.core.management.base import CommandParser

from cityops.foundation.commands import OperatorCommand
from grid.intake.services.learning import learn


class Command(OperatorCommand):
    """Learn which words stand for which class."""

    help = "Learn the words of classes from cases that were closed without rework; --afresh forgets the rest first."

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("--afresh", action="store_true", help="forget what was learnt and read all closed cases")

    def handle(self, *args: Any, **options: Any) -> None:
        """Learn until nothing is left, and say how much it was."""
        done = learn(seconds=None, afresh=options["afresh"])
        self.stdout.write(f"{done.cases} closed cases read; {done.words} words of classes known.")
