"""``compile_team_statistics [MONTH]``: compile the team statistic 采集与队伍统计 (GL10) of a month."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from grid.duty.services.teams import compile_team_statistics


class Command(OperatorCommand):
    """Compile a month again, for instance after rosters were mended; unchanged months are not sent again."""

    help = "Compile the team statistic (GL10) of MONTH, as 202611 (the last month, by default)."

    def add_arguments(self, parser: ArgumentParser) -> None:  # noqa: D102
        parser.add_argument("month", nargs="?", metavar="MONTH")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: D102
        try:
            row, has_changed = compile_team_statistics(options["month"])
        except CityOpsError as error:
            raise CommandError(error.detail) from error
        rate = "no data" if row.collector_shift_rate is None else f"{row.collector_shift_rate} %"
        self.stdout.write(
            f"{row.period_code}: {row.collectors} collectors, shifts kept {rate}, {row.seat_count} seats, "
            f"{row.grids_patrolled}/{row.grids_total} grids patrolled, {row.coverage_km2} km2 covered"
            f"{'' if has_changed else '; unchanged'}"
        )
