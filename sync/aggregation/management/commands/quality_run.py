"""``manage.py quality_run [DATASET …]``: a whole run of the quality rules, now."""

from argparse import ArgumentParser
from typing import Any

import msgspec

from cityops.foundation.commands import OperatorCommand
from sync.aggregation.models import RuleResult
from sync.aggregation.services import hearing, raising, running


class Command(OperatorCommand):
    """Run the quality rules over everything, then raise and close issues."""

    help = "Run the quality rules over all records, or those of some datasets; prints what each rule found."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which datasets."""
        parser.add_argument("datasets", nargs="*", help="codes of datasets; all where none is given")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, and print one JSON line for each rule and node that something was found of."""
        run = running.run_whole(options["datasets"])
        hearing.hear()
        raised, closed = raising.follow()
        for one in RuleResult.objects.filter(broken__gt=0).order_by("owner_code", "rule_code"):
            self._say({"rule": one.rule_code, "node": one.owner_code, "checked": one.checked, "broken": one.broken})
        self._say({"statements": run.statements, "faults": run.faults, "raised": raised, "closed": closed})

    def _say(self, facts: dict[str, Any]) -> None:
        self.stdout.write(msgspec.json.encode(facts).decode())
