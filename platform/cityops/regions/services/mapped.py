"""Divisions from a GeoJSON file by a mapping file (TOML): outlines of an operator's own, or of a test division.

A mapping says where the file comes from, which divisions it makes, and how codes and names are put together::

    source = "Boston precincts (PDDL)"
    crs = "WGS-84"
    valid_from = 2011-01-01

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

``{name}`` stands for a property or a value; ``{name:0>3}`` fills with zeros to three digits.
"""

import datetime as dt
import gzip
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import shape

from cityops.foundation.coordinates import CoordinateFault, convert_coordinates, parse_system
from cityops.foundation.errors import InvalidInput
from cityops.regions.rules import DIGITS, Level, pad_code
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
    shapes: dict[tuple[Level, str, str], list[Any]] = {}
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
    start = mapping.get("valid_from", dt.date(2020, 1, 1))
    rows = [
        DivisionRow(
            code,
            name,
            level,
            valid_from=start,
            source=str(mapping["source"])[:200],
            source_crs=system,
            boundary=as_multipolygon(shapely.union_all(parts)),
        )
        for (level, code, name), parts in shapes.items()
    ]
    return _with_parents(rows)


def _divisions(mapping: dict[str, Any], properties: dict[str, Any], place: str) -> Iterator[tuple[Level, str, str]]:
    """The divisions that one feature is part of."""
    values = dict(properties)
    for name, rule in mapping.get("values", {}).items():
        if rule.get("property") not in properties:
            raise InvalidInput(f"{place}: there is no property `{rule.get('property')}` for the value `{name}`.")
        first, last = rule.get("digits", [0, None])
        values[name] = str(properties[rule["property"]])[first:last]
    for entry in mapping["division"]:
        level = Level[str(entry["level"]).upper()]
        code = _filled(entry["code"], values, place)
        try:
            padded = pad_code(code)
        except ValueError as error:
            raise InvalidInput(f"{place}: {error}", code=code) from error
        if padded[DIGITS[level] :].strip("0"):
            raise InvalidInput(f"{place}: {code} has more than the {DIGITS[level]} digits of a {level.name.lower()}.")
        yield level, padded, _filled(entry["name"], values, place)


def _filled(template: str, values: dict[str, Any], place: str) -> str:
    def value(match: re.Match[str]) -> str:
        name = match["name"]
        if values.get(name) in (None, ""):
            raise InvalidInput(f"{place}: `{name}` is missing or empty; the mapping needs it in `{template}`.")
        return str(values[name]).rjust(int(match["width"] or 0), "0")

    return PLACEHOLDER.sub(value, template)


def _with_parents(rows: list[DivisionRow]) -> list[DivisionRow]:
    """Set parent and full name by the code prefixes; refuse a code that two names claim."""
    by_code: dict[str, DivisionRow] = {}
    for row in sorted(rows, key=lambda row: row.level):
        known = by_code.get(row.code)
        if known is not None:
            raise InvalidInput(
                f"The code {row.code} is claimed by {known.name} and by {row.name}: give each division its own code "
                "(padded codes of different levels must differ too).",
                code=row.code,
            )
        by_code[row.code] = row
        above = [DIGITS[level] for level in Level if level < row.level]
        parents = (row.code[:digits].ljust(12, "0") for digits in reversed(above))
        parent = next((by_code[code] for code in parents if code in by_code), None)
        row.parent_code = parent.code if parent is not None else "0" * 12
        row.full_name = (parent.full_name if parent is not None else "") + row.name
    return list(by_code.values())
