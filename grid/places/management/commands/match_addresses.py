"""``match_addresses FILE [--json]``: how many addresses of a file are found on the loaded places."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError
from grid.places.models import MatchReport
from grid.places.selectors.reports import percent_of
from grid.places.services.batches import match_addresses, read_addresses

SHOWN = 20


class Command(OperatorCommand):
    """Match a file of addresses, keep the report, print the shares and what was not found."""

    help = "Match the addresses of a CSV or xlsx file with the places, and keep the report."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """FILE [--json]."""
        parser.add_argument("file", type=Path, help="CSV or xlsx with a column 地址 (or a single column)")
        parser.add_argument("--json", action="store_true", help="print the whole report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Match and tell."""
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(_("没有文件 %(path)s。") % {"path": path})
        try:
            report = match_addresses(None, path.name, read_addresses(path))
        except CityOpsError as error:
            raise CommandError(error.detail) from error
        if options["json"]:
            facts = {**_shares(report), "rows": report.rows}
            self.stdout.write(json.dumps(facts, ensure_ascii=False, indent=2, default=str))
            return
        for name, value in _shares(report).items():
            self.stdout.write(f"{name}: {value}")
        for entry in [entry for entry in report.rows if entry["verdict"] != "found"][:SHOWN]:
            self.stderr.write(f"{entry['row']}\t{entry['verdict']}\t{entry['text']}\t{entry['name']}")


def _shares(report: MatchReport) -> dict[str, Any]:
    return {
        "report": report.pk,
        "total": report.total,
        "found": report.found,
        "ambiguous": report.ambiguous,
        "missing": report.missing,
        "hit_rate_percent": percent_of(report.found, report.total),
    }
