"""``manage.py figure``: the same counts, value and records as the page and the API show."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.errors import CityOpsError, NotThere
from cityops.foundation.snapshot import snapshot
from evaluation import selectors
from evaluation.documents import figure_document, record_document
from evaluation.rules import InvalidPeriod, UnknownIndicator, find_indicator, parse_period
from evaluation.selectors import Figure

NO_REGION = (
    "Check the digits; divisions come with load_regions, or from above by exchange (sync_run where no worker runs)."
)


class Command(OperatorCommand):
    """Print a figure with its counts, formula and the record versions behind it."""

    help = "Print a figure with its counts, formula and the record versions behind it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What is asked for."""
        parser.add_argument("indicator", help="code or Chinese name, as on_time_closing_rate or 按期结案率")
        parser.add_argument("region", help="division code of 2, 4, 6, 9 or 12 digits; 0 for the nation")
        parser.add_argument("period", help="2026, 2011Q3, 2026-10 or 2026-10-05")
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        parser.add_argument("--cohort", action="store_true", help="of the cases opened in the period")
        parser.add_argument("--records", action="store_true", help="list the records behind the figure")
        parser.add_argument("--part", default="", help="with --records: only those an input counts, as on_time")

    @snapshot()
    def handle(self, *_args: Any, **options: Any) -> None:
        """Count and print, on one moment of the database."""
        try:
            figure = self._figure(options)
        except NotThere as error:
            raise CommandError(f"{error} {NO_REGION}") from error
        except InvalidPeriod as error:
            raise CommandError(f"{error} Write 2026, 2011Q3, 2026-10 or 2026-10-05.") from error
        except (CityOpsError, UnknownIndicator) as error:
            raise CommandError(str(error)) from error
        part = options["part"]
        if part and part not in figure.counts:
            raise CommandError(
                f"{part!r} is no input of {figure.indicator.code}; there are {', '.join(figure.counts)}."
            )
        document = figure_document(figure, selectors.lineage(figure, user=None))
        if options["records"]:
            cases = selectors.with_marks(figure, selectors.records(figure, part, user=None))
            document["records"] = [record_document(figure, case) for case in cases.iterator(2000)]
        if options["json"]:
            self.stdout.write(json.dumps(document, ensure_ascii=False))
        else:
            self._print(figure, document)

    def _figure(self, options: dict[str, Any]) -> Figure:
        indicator = find_indicator(options["indicator"])
        period = parse_period(options["period"])
        place = selectors.find_place(options["region"])
        return selectors.figure(indicator, place, period, user=None, is_cohort=options["cohort"])

    def _print(self, figure: Figure, document: dict[str, Any]) -> None:
        indicator = figure.indicator
        cohort = " (cohort)" if figure.is_cohort else ""
        unit = "" if figure.value is None else f" {indicator.unit_en}"
        self.stdout.write(f"{indicator.name_zh} · {figure.place.name} · {figure.period}{cohort}: {figure.text}{unit}")
        self.stdout.write(f"  {indicator.formula_zh}  (v{indicator.version})")
        for counted in indicator.inputs:
            self.stdout.write(f"  {counted.name_zh} {counted.code} = {figure.counts[counted.code]:,}")
        lineage = document["lineage"]
        self.stdout.write(f"  as of {document['as_of']} · {lineage['records']:,} records · {lineage['digest'][:16]}")
        for record in document.get("records", ()):
            self.stdout.write(f"  {record['case_no']}  rev {record['rev'] or '-'}  {', '.join(record['counted_as'])}")
