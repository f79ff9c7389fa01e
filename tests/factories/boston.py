"""The test division made of Boston's precincts, and the classes its history needs."""

import datetime as dt
import gzip
import json
import tomllib
from pathlib import Path

import shapely
import shapely.geometry
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon

from cityops.regions.models import Division
from cityops.regions.rules import Level
from grid.rules.codes import CURRENT
from tests.factories.grid import class_entry
from tests.factories.people import division

MAPPINGS = Path(__file__).resolve().parents[1] / "mappings"
CITY = "990100000000"


def _boundary(shapes: list[shapely.Geometry]) -> MultiPolygon:
    union = GEOSGeometry(memoryview(shapely.to_wkb(shapely.unary_union(shapes))), srid=4490)
    return union if isinstance(union, MultiPolygon) else MultiPolygon(union, srid=4490)


def divisions(data: Path) -> None:
    """Province, city, county, a street and a community per ward, with boundaries united from the precincts."""
    with gzip.open(data / "city_grid" / "boston_precincts_wgs84.geojson.gz") as stream:
        features = json.load(stream)["features"]
    wards: dict[str, list[shapely.Geometry]] = {}
    for feature in features:
        shape = shapely.make_valid(shapely.geometry.shape(feature["geometry"]))
        wards.setdefault(feature["properties"]["WARD_PRECINCT"][:2], []).append(shape)
    whole = _boundary([shape for shapes in wards.values() for shape in shapes])
    for code, level in (("990000000000", Level.PROVINCE), (CITY, Level.CITY), ("990101000000", Level.COUNTY)):
        division(code, level=level, boundary=whole, valid_from=dt.date(2011, 1, 1))
    for ward, shapes in wards.items():
        street = f"990101{int(ward):03d}"
        boundary = _boundary(shapes)
        division(f"{street}000", level=Level.STREET, boundary=boundary)
        division(f"{street}001", level=Level.COMMUNITY, boundary=boundary, parent_code=f"{street}000")
    assert Division.objects.filter(code__startswith="99").count() == 3 + 2 * len(wards)


def classes() -> None:
    """The classes that the mapping of the cases names."""
    mapping = tomllib.loads((MAPPINGS / "boston_cases.toml").read_text(encoding="utf-8"))
    for code in set(mapping["codes"]["class_code"].values()):
        class_entry(code, version=CURRENT, name=f"事项{code}")
