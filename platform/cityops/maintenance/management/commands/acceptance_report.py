"""Print what this city can prove of the acceptance checklist, line by line."""

import json
from argparse import ArgumentParser
from typing import Any

from cityops.foundation.commands import OperatorCommand
from cityops.maintenance.selectors.acceptance import Line, acceptance_lines


class Command(OperatorCommand):
    """``manage.py acceptance_report``."""

    help = "Print the lines of the acceptance checklist that this city's data prove: value, threshold, pass or fail."

    def add_arguments(self, parser: ArgumentParser) -> None:  # noqa: D102
        parser.add_argument("--json", action="store_true", help="one JSON object a line")
        parser.add_argument("--queries", action="store_true", help="print the query behind each line as well")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: D102
        lines = acceptance_lines()
        for line in lines:
            self.stdout.write(as_json(line) if options["json"] else as_text(line))
            if options["queries"] and not options["json"]:
                self.stdout.write(f"       {line.query}")
        if not options["json"]:
            passed = sum(line.is_passed for line in lines)
            self.stdout.write(f"{passed} of {len(lines)} lines pass")


def as_json(line: Line) -> str:
    """One line for machines."""
    return json.dumps(
        {
            "id": line.id,
            "title": line.title,
            "value": line.value,
            "threshold": line.threshold,
            "unit": line.unit,
            "pass": line.is_passed,
            "source": line.source,
            "query": line.query,
        },
        ensure_ascii=False,
    )


def as_text(line: Line) -> str:
    """One line for people."""
    value = "—" if line.value is None else f"{line.value:g}"
    verdict = "pass" if line.is_passed else "FAIL"
    return f"{line.id:8} {verdict}  {value} {line.unit} (≥ {line.threshold:g})  {line.title}"
