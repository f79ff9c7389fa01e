"""The test city made of Boston's precincts: its divisions, its unit grids, and a quarter of its requests."""

import io
from pathlib import Path

from django.core.management import call_command

MAPPINGS = Path(__file__).resolve().parents[1] / "mappings"
CITY = "990100000000"
ZONE = "America/New_York"
PRECINCTS = Path("city_grid") / "boston_precincts_wgs84.geojson.gz"
REQUESTS = Path("incidents") / "boston_311_2011q3.csv.gz"


def call(*args: object, **options: object) -> str:
    """Run a command; returns what it printed."""
    told = io.StringIO()
    call_command(*args, **options, stdout=told, stderr=io.StringIO())
    return told.getvalue()


def ground(data: Path) -> None:
    """Divisions, the standard, and the precincts as unit grids."""
    call("load_regions", file=data / PRECINCTS, mapping=MAPPINGS / "boston_divisions.toml")
    call("load_standard")
    call("import_grids", data / PRECINCTS, mapping=MAPPINGS / "boston_grids.toml", repair=True)


def history(data: Path) -> str:
    """The third quarter of 2011."""
    return call("import_cases", data / REQUESTS, mapping=MAPPINGS / "boston_cases.toml")
