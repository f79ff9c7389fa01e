"""Measure the kinds of signals on simulated cities with planted fraud."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from grid.signals.rules.kinds import Kind
from grid.signals.selectors.signals import Rate
from grid.signals.selectors.terms import all_terms
from grid.signals.services.rates import DAYS, Measured, keep, measure


class Command(OperatorCommand):
    """For each seed a city of the past is simulated, looked through and thrown away again; the sums are kept."""

    help = "Simulate cities with planted fraud, look for signals, and tell what was found, missed and false."

    def add_arguments(self, parser: ArgumentParser) -> None:  # noqa: D102
        parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], metavar="N")
        parser.add_argument("--days", type=int, default=DAYS, help="days of each city (default: %(default)s)")
        parser.add_argument("--per-day", type=float, help="reports on a usual day (default: 15 for each county)")
        parser.add_argument("--json", action="store_true", help="a document as the product ships one")
        parser.add_argument("--dry-run", action="store_true", help="do not keep the figures")
        parser.add_argument("--names", action="store_true", help="name what was missed and what was wrong")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: D102
        tell = None if options["json"] else self.stdout.write
        try:
            done = measure(options["seeds"], days=options["days"], per_day=options["per_day"], tell=tell)
            if not options["dry_run"]:
                keep(done)
        except CityOpsError as error:
            raise CommandError(error.detail) from error
        if options["json"]:
            self.stdout.write(json.dumps(document(done), indent=1))
            return
        self.stdout.write(f"{len(done.seeds)} seeds, {done.days} days each, {done.cases} cases, {done.photos} photos")
        self.stdout.write("kind         planted  found  missed  false  per 1,000  precision")
        for kind in Kind:
            one = rate(done, kind)
            precision = "-" if one.precision is None else f"{one.precision} %"
            self.stdout.write(
                f"{kind.value:12} {one.planted:7} {one.found:6} {one.missed:7} {one.false_alarms:6} "
                f"{one.per_thousand:10} {precision:>10}"
            )
            if options["names"]:
                self.stdout.write(f"  missed {done.missed[kind]}\n  wrong {done.wrong[kind]}")


def rate(done: Measured, kind: Kind) -> Rate:
    """What was measured of one kind."""
    return Rate(
        kind, done.planted[kind], done.found[kind], done.false_alarms[kind], done.cases, done.photos, done.days,
        tuple(done.seeds), True, timezone.localdate().isoformat(), dict(all_terms()[kind].values),
    )  # fmt: skip


def document(done: Measured) -> dict[str, Any]:
    """The measurement as ``data/rates.json`` holds one."""
    kinds = [rate(done, kind) for kind in Kind]
    return {
        "on": timezone.localdate().isoformat(),
        "seeds": done.seeds,
        "days": done.days,
        "cases": done.cases,
        "photos": done.photos,
        "kinds": [
            {
                "kind": one.kind.value,
                "planted": one.planted,
                "found": one.found,
                "missed": one.missed,
                "false_alarms": one.false_alarms,
                "per_1000_cases": one.per_thousand,
                "precision_percent": one.precision,
                "values": one.values,
            }
            for one in kinds
        ],
    }
