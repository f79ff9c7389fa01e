"""Count running deadlines anew with the calendar as it is now."""

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from cityops.foundation.commands import OperatorCommand
from grid.services.recounting import recount, recount_waiting, year_wish


class Command(OperatorCommand):
    """Count the running deadlines of open cases anew; finished cases keep theirs."""

    help = "Count running deadlines of open cases anew; with --year only limits that run in that year."

    def add_arguments(self, parser: ArgumentParser) -> None:  # noqa: D102
        parser.add_argument("--year", type=int, choices=range(2004, 2100), metavar="Y")
        parser.add_argument("--dry-run", action="store_true", help="tell what would change and write nothing")
        parser.add_argument("--waiting", action="store_true", help="only what changes of the calendar left to do")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: D102
        if options["waiting"] and not options["dry_run"]:
            self.stdout.write(f"{recount_waiting()} cases counted anew")
            return
        moved = recount(year_wish(options["year"]), dry_run=options["dry_run"])
        for one in moved:
            for name, (old, new) in one.deadlines.items():
                before = "-" if old is None else f"{timezone.localtime(old):%Y-%m-%d %H:%M}"
                self.stdout.write(f"{one.case.case_no} {name}: {before} -> {timezone.localtime(new):%Y-%m-%d %H:%M}")
        self.stdout.write(
            f"{len(moved)} cases {'would be' if options['dry_run'] else ''} counted anew".replace("  ", " ")
        )
