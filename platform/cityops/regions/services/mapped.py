"""Divisions from a GeoJSON file by a mapping file (TOML): outlines of an operator's own, or of a test division.

A mapping says where the file comes from, which divisions it makes, and how codes and names are put together::

    source = "Boston precincts (PDDL)"
    crs = "WGS-84"
    valid_from = 2011-01-01        # may be left out; so may valid_to and successor_code, here or in a [[division]]

    [values]                       # parts of properties, by position
    ward = { property = "WARD_PRECINCT", digits = [0, 2] }

    [[division]]                   # in order from the top; features with the same code are united
    level = "city"
    code = "990100000000"
    name = "试验市"

    [[division]]
    level = "street"
    code = "9901010{ward}"
    name = "Ward {ward}"

``{name}`` stands for a property or a value; ``{name:0>3}`` fills with zeros to three digits. Dates and the successor's
code may be made of properties as well.
"""

import datetime as dt
import gzip
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import shapely
from shapely.geometry import shape

from cityops.foundation.coordinates import CoordinateFault, convert_coordinates, parse_system
from cityops.foundation.errors import InvalidInput
from cityops.regions.models import UNKNOWN_START, Division
from cityops.regions.rules import DIGITS, NATION, Level, pad_code
from cityops.regions.services.packages import as_multipolygon
from cityops.regions.services.rows import DivisionRow

PLACEHOLDER = re.compile(r"\{(?P<name>[^{}:.\[\]!]+)(?::0>(?P<width>\d{1,2}))?\}")


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping file, with what must be in it. Raises InvalidInput that names file and key."""
    try:
        mapping = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(f"Mapping {path}: {error}. Give a TOML file in UTF-8.", file=str(path)) from error
    for key in ("source", "crs", "division"):
        if not mapping.get(key):
            raise InvalidInput(f"Mapping {path}: `{key}` is missing.", file=str(path), key=key)
    for number, entry in enumerate(mapping["division"], 1):
        missing = {"level", "code", "name"} - set(entry)
        if missing or str(entry["level"]).upper() not in Level.__members__:
            raise InvalidInput(
                f"Mapping {path}, division {number}: `level` (one of {', '.join(Level.__members__).lower()}), "
                "`code` and `name` are needed.",
                file=str(path),
            )
    return mapping


def read_features(path: Path) -> list[dict[str, Any]]:
    """The features of a GeoJSON file, plain or gzipped. Raises InvalidInput."""
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
        features = json.loads(data)["features"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            f"{path} is no GeoJSON FeatureCollection: {error}. Save it as GeoJSON (UTF-8), plain or .gz.",
            file=str(path),
        ) from error
    if not features:
        raise InvalidInput(f"{path} holds no feature.", file=str(path))
    return list(features)


def mapped_rows(file: Path, mapping_file: Path) -> list[DivisionRow]:
    """The divisions that a mapping makes of a file; nothing is returned unless every feature could be read."""
    mapping = read_mapping(mapping_file)
    system = parse_system(mapping["crs"])
    shapes: dict[_Made, list[Any]] = {}
    for number, feature in enumerate(read_features(file), 1):
        place = f"{file} feature {number}"
        try:
            geometry = feature["geometry"]
            outline = shape({**geometry, "coordinates": convert_coordinates(geometry["coordinates"], system)})
        except CoordinateFault as fault:
            raise InvalidInput(f"{place}: {fault}", feature=number, rule=fault.rule) from fault
        except (KeyError, TypeError, ValueError, shapely.errors.ShapelyError) as error:
            raise InvalidInput(f"{place}: the geometry cannot be read ({error}).", feature=number) from error
        outline = as_multipolygon(outline)
        if outline is None:
            raise InvalidInput(f"{place}: a polygon is needed.", feature=number)
        for key in _divisions(mapping, feature.get("properties") or {}, place):
            shapes.setdefault(key, []).append(outline)
    rows = [
        DivisionRow(
            made.code,
            made.name,
            made.level,
            valid_from=made.valid_from or UNKNOWN_START,
            valid_to=made.valid_to,
            successor_code=made.successor_code,
            source=str(mapping["source"])[:200],
            source_crs=system,
            boundary=as_multipolygon(shapely.union_all(parts)),
        )
        for made, parts in shapes.items()
    ]
    _keep_starts([row for row, made in zip(rows, shapes, strict=True) if made.valid_from is None])
    return _with_parents(rows, mapping_file)


class _Made(NamedTuple):
    """What one entry of the mapping makes of a feature; features that make the same are united."""

    level: Level
    code: str
    name: str
    valid_from: dt.date | None
    valid_to: dt.date | None
    successor_code: str


def _divisions(mapping: dict[str, Any], properties: dict[str, Any], place: str) -> Iterator[_Made]:
    """The divisions that one feature is part of."""
    values = dict(properties)
    for name, rule in mapping.get("values", {}).items():
        if rule.get("property") not in properties:
            raise InvalidInput(f"{place}: there is no property `{rule.get('property')}` for the value `{name}`.")
        first, last = rule.get("digits", [0, None])
        values[name] = str(properties[rule["property"]])[first:last]
    for entry in mapping["division"]:
        level = Level[str(entry["level"]).upper()]
        code = _code(_filled(entry["code"], values, place), level, place)
        given = {name: entry.get(name, mapping.get(name, "")) for name in ("valid_from", "valid_to", "successor_code")}
        start, end = (_day(given[name], name, values, place) for name in ("valid_from", "valid_to"))
        if start and end and end < start:
            raise InvalidInput(f"{place}: {code} would end on {end}, before it begins on {start}.", code=code)
        successor = given["successor_code"] and _code(_filled(given["successor_code"], values, place), level, place)
        yield _Made(level, code, _filled(entry["name"], values, place), start, end, successor)


def _code(text: str, level: Level, place: str) -> str:
    try:
        padded = pad_code(text)
    except ValueError as error:
        raise InvalidInput(f"{place}: {error}", code=text) from error
    if padded[DIGITS[level] :].strip("0"):
        raise InvalidInput(f"{place}: {text} has more than the {DIGITS[level]} digits of a {level.name.lower()}.")
    return padded


def _day(given: Any, name: str, values: dict[str, Any], place: str) -> dt.date | None:
    """A date of the mapping, or of the properties that it names."""
    if isinstance(given, dt.date) or not given:
        return given or None
    text = _filled(str(given), values, place)
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"{place}: `{name}` is {text!r}; a date as 2026-07-01 is expected.") from error


def _keep_starts(rows: list[DivisionRow]) -> None:
    """Where a file does not say when a code began, the row that is there already does."""
    known = Division.objects.filter(code__in=[row.code for row in rows], valid_to__isnull=True)
    starts = dict(known.values_list("code", "valid_from"))
    for row in rows:
        row.valid_from = starts.get(row.code, row.valid_from)


def _filled(template: str, values: dict[str, Any], place: str) -> str:
    def value(match: re.Match[str]) -> str:
        name = match["name"]
        if values.get(name) in (None, ""):
            raise InvalidInput(f"{place}: `{name}` is missing or empty; the mapping needs it in `{template}`.")
        return str(values[name]).rjust(int(match["width"] or 0), "0")

    return PLACEHOLDER.sub(value, template)


def _with_parents(rows: list[DivisionRow], mapping_file: Path) -> list[DivisionRow]:
    """Set parent and full name by the code prefixes, in the file or else in the database.

    Raises InvalidInput for a code that two names claim, and for a division with none above it.
    """
    made: dict[str, list[DivisionRow]] = {}
    stored = _stored_above(rows)
    for row in sorted(rows, key=lambda row: (row.level, row.valid_from)):
        for known in made.get(row.code, []):
            if known.valid_to is None or known.valid_to >= row.valid_from:
                raise InvalidInput(
                    f"The code {row.code} is claimed by {known.name} and by {row.name}: give each division its own "
                    "code (padded codes of different levels must differ too), or periods that do not overlap.",
                    code=row.code,
                )
        made.setdefault(row.code, []).append(row)
        if row.level > Level.NATION:
            row.parent_code, above = _parent(row, made, stored, mapping_file)
            row.full_name = above + row.name
        else:
            row.full_name = row.name
    return [row for same in made.values() for row in same]


def _codes_above(row: DivisionRow) -> list[str]:
    """The codes that a division's parent may have, the nearest first."""
    return [row.code[: DIGITS[level]].ljust(12, "0") for level in reversed(Level) if Level.NATION < level < row.level]


def _stored_above(rows: list[DivisionRow]) -> dict[str, str]:
    """Code → full name of the current divisions in the database that may lie above some of the rows."""
    codes = {code for row in rows for code in _codes_above(row)}
    found = Division.objects.current().filter(code__in=codes)
    return {code: full_name or name for code, full_name, name in found.values_list("code", "full_name", "name")}


def _parent(
    row: DivisionRow, made: dict[str, list[DivisionRow]], stored: dict[str, str], mapping_file: Path
) -> tuple[str, str]:
    """Code and full name of the division above; a province hangs under the nation, which no full name begins with."""
    if row.level == Level.PROVINCE:
        return NATION, ""
    for code in _codes_above(row):
        if code != row.code and code in made:
            return code, made[code][-1].full_name
        if code in stored:
            return code, stored[code]
    raise InvalidInput(
        f"Mapping {mapping_file}: no division above {row.code} {row.name} ({row.level.name.lower()}) is known. "
        "Load the divisions above it first (manage.py load_regions), or add a [[division]] for them.",
        code=row.code,
    )
