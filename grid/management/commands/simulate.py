"""Simulate a city: ground, components, a past, and (``--live``) the present."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from grid.services.simulator.live import tick
from grid.services.simulator.run import check_allowed, plan_of_city, simulate
from grid.services.statistics import compile_statistics


class Command(OperatorCommand):
    """Fill a simulated city; the same seed gives the same city, a second run changes nothing."""

    help = "Simulate this city: grids, components and DAYS days of cases; with --live also what happens from now on."

    def add_arguments(self, parser: ArgumentParser) -> None:  # noqa: D102
        parser.add_argument("--days", type=int, default=60, help="days of history before today (default: %(default)s)")
        parser.add_argument("--seed", type=int, default=2026, help="same seed, same city (default: %(default)s)")
        parser.add_argument("--per-day", type=float, help="reports on a usual day (default: 15 for each county)")
        parser.add_argument("--fraud", action="store_true", help="plant what signals look for, at known places")
        parser.add_argument("--live", action="store_true", help="then go on until interrupted")
        parser.add_argument("--every", type=float, default=30, help="seconds between live ticks (default: %(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: D102
        started = time.perf_counter()
        try:
            check_allowed()
            done = simulate(plan_of_city(options["seed"], options["days"], options["per_day"]), fraud=options["fraud"])
            if done.cases:
                compile_statistics()
        except CityOpsError as error:
            raise CommandError(error.detail) from error
        if done.cases:
            self.stdout.write(
                f"{done.grids} grids, {done.components} components, {done.cases} cases with {done.steps} steps, "
                f"{time.perf_counter() - started:.1f} s"
            )
            if done.planted:
                self.stdout.write("planted: " + ", ".join(f"{kind} {number}" for kind, number in done.planted.items()))
        else:
            added = ", ".join(f"{number} {name}" for name, number in done.built.items())
            self.stdout.write(f"simulated before; {f'added {added}' if added else 'nothing changed'}")
        while options["live"]:
            self._tick()
            time.sleep(options["every"])

    def _tick(self) -> None:
        done = tick()
        if done.registered or done.moved:
            self.stdout.write(f"{done.registered} registered, {done.moved} moved")
