"""``manage.py exchange_check``: whether the counts of every stream add up, against the inbox entry by entry."""

from typing import Any

from cityops.foundation.commands import OperatorCommand
from sync.exchange.services.counting import streams_that_do_not_add_up


class Command(OperatorCommand):
    """One line per stream whose counts are wrong; ends with 1 where there is any."""

    help = "Check of every received stream that seq = applied + superseded + parked + waiting, in counts and inbox."

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, and say so."""
        wrong = streams_that_do_not_add_up()
        for one in wrong:
            self.stdout.write(str(one))
        if wrong:
            raise SystemExit(1)
        self.stdout.write("Every stream adds up.")
