"""Replay last quarter's cases under a version of the loop and show what would change."""

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import NotThere
from grid.services.rehearsing import DAYS, rehearse_workflow


class Command(OperatorCommand):
    """``manage.py rehearse_workflow CODE``."""

    help = "Replay the cases of the last days under a version of the loop and show what would change."

    def add_arguments(self, parser: CommandParser) -> None:
        """The version, how far back, and the form of the answer."""
        parser.add_argument("code", help="code of the version, as on the page of workflows")
        parser.add_argument("--days", type=int, default=DAYS, help=f"how many days back (default {DAYS})")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was found; nothing but the rehearsal itself is written."""
        try:
            found = rehearse_workflow(options["code"], days=options["days"])
        except NotThere as missing:
            raise CommandError(f"no workflow version {options['code']}; see the page of workflows") from missing
        if options["json"]:
            self.stdout.write(json.dumps(found.as_json(), ensure_ascii=False))
            return
        self.stdout.write(f"{found.cases} cases with {found.steps} steps replayed")
        for kind, number in sorted(found.counts.items()):
            self.stdout.write(f"{kind}: {number} cases, as {', '.join(found.examples[kind][:3])}")
        if not found.counts:
            self.stdout.write("nothing would have gone otherwise")
