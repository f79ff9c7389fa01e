"""Checks that come from a dataset's definition: of one record (msgspec), and of a whole staging table (SQL).

Both say the same thing in the same words: which field, which rule, how to mend it.
"""

import datetime as dt
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from django.utils.translation import gettext as _

from sync.standard.rules.definitions import Catalogue, Condition, DatasetDef, FieldDef, Kind
from sync.standard.selectors.dictionaries import catalogue as loaded_catalogue

GEOJSON_NAMES = {
    "POINT": "Point",
    "LINESTRING": "LineString",
    "POLYGON": "Polygon",
    "MULTIPOLYGON": "MultiPolygon",
}


class SqlCheck(NamedTuple):
    """One rule over a staging table: ``broken`` is SQL that is true for a row which breaks it."""

    code: str
    field: str
    broken: str
    remedy: str


@dataclass(frozen=True)
class Fault:
    """What is wrong with one field of one record, and how to mend it."""

    record: str
    field: str
    rule: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.record} {self.field}: {self.rule}. {self.remedy}"


def find(dataset: str | DatasetDef, catalogue: Catalogue | None = None) -> tuple[DatasetDef, Catalogue]:
    """A dataset by code, with the catalogue it belongs to. Raises KeyError for an unknown code.

    Without a catalogue the loaded default version decides, which costs one small query; who judges many records one
    by one asks ``catalogue()`` once and gives it.
    """
    catalogue = catalogue or loaded_catalogue()
    return (catalogue.by_code[dataset] if isinstance(dataset, str) else dataset), catalogue


def remedy(rule: str, entry: FieldDef, catalogue: Catalogue) -> str:
    """How to mend a field that breaks a rule, in the language of the reader."""
    facts = {
        "cn": entry.cn,
        "name": entry.name,
        "type": entry.type,
        "length": entry.parsed.length,
        "scale": entry.parsed.scale,
        "when": entry.when,
        "codes": _listed(catalogue.codes(entry)),
        "list": entry.codelist,
    }
    return _remedies()[rule] % facts


def _listed(codes: tuple[str, ...]) -> str:
    return ", ".join(codes[:12]) + (" …" if len(codes) > 12 else "")


def _remedies() -> dict[str, str]:
    return {
        "required": _("请填写“%(cn)s”(%(name)s)，此项必填。"),
        "conditional": _("请填写“%(cn)s”(%(name)s)，当 %(when)s 时必填。"),
        "length": _("“%(cn)s”(%(name)s)最多 %(length)s 个字符，请缩短。"),
        "code_list": _("“%(cn)s”(%(name)s)请使用代码表 %(list)s 中的代码：%(codes)s。"),
        "range": _("“%(cn)s”(%(name)s)最多 %(length)s 位数字，其中小数 %(scale)s 位。"),
        "type": _("“%(cn)s”(%(name)s)的类型应为 %(type)s。"),
        "geometry": _("“%(cn)s”(%(name)s)应为 %(type)s，坐标为 CGCS2000 经纬度。"),
    }


def sql_checks(
    dataset: str | DatasetDef,
    columns: Mapping[str, str] | None = None,
    *,
    catalogue: Catalogue | None = None,
    alias: str = "",
) -> list[SqlCheck]:
    """The rules of a dataset over a staging table with typed columns.

    ``columns`` maps the fields that are in the table to their columns (a RecordKind's ``fields``); without it every
    field is expected under its own name. Empty text counts as no value. ``broken`` is never NULL for a rule that needs
    a value, and true only where the rule is broken.
    """
    definition, catalogue = find(dataset, catalogue)
    names = dict(columns) if columns is not None else {entry.name: entry.name for entry in definition.fields}
    before = f"{alias}." if alias else ""
    quoted = {field: f'{before}"{column}"' for field, column in names.items()}
    found: list[SqlCheck] = []
    for entry in definition.fields:
        if entry.name in quoted:
            found += [
                SqlCheck(rule, entry.name, broken, remedy(rule, entry, catalogue))
                for rule, broken in _broken(entry, quoted, definition, catalogue)
            ]
    return found


def _broken(
    entry: FieldDef, quoted: Mapping[str, str], definition: DatasetDef, catalogue: Catalogue
) -> Iterable[tuple[str, str]]:
    """(rule, SQL true when broken) of one field."""
    column, kind = quoted[entry.name], entry.parsed
    empty = _empty(column, entry)
    if entry.is_required:
        yield "required", empty
    elif entry.condition is not None and entry.condition.field in quoted:
        other = definition.by_name[entry.condition.field]
        yield "conditional", f"{_holds(entry.condition, quoted[other.name], other)} AND {empty}"
    codes = catalogue.codes(entry)
    if codes:
        listed = ", ".join(_literal(code) for code in codes)
        given = f"{column} <> '' AND {column}" if kind.is_text else f"{column}::text"
        yield "code_list", f"{given} NOT IN ({listed})"
    elif kind.kind is Kind.TEXT:
        yield "length", f"length({column}) > {kind.length}"
    elif kind.kind is Kind.NUMBER:
        yield "range", f"abs({column}) >= 1{'0' * (kind.length - kind.scale)}"
    elif kind.kind is Kind.GEOMETRY and kind.shapes:
        listed = ", ".join(_literal(name) for name in kind.shapes)
        yield "geometry", f"GeometryType({column}) NOT IN ({listed})"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _empty(column: str, entry: FieldDef) -> str:
    return f"({column} IS NULL OR {column} = '')" if entry.parsed.is_text else f"{column} IS NULL"


def _holds(condition: Condition, column: str, entry: FieldDef) -> str:
    if not condition.values:
        return f"NOT {_empty(column, entry)}"
    return f"{column}::text IN ({', '.join(_literal(value) for value in condition.values)})"


@functools.lru_cache(maxsize=512)
def _record_type(definition: DatasetDef, catalogue: Catalogue) -> type[msgspec.Struct]:
    fields = [_struct_field(entry, catalogue) for entry in definition.fields]
    struct: type[msgspec.Struct] = msgspec.defstruct(
        f"{definition.code}Record", fields, forbid_unknown_fields=True, kw_only=True
    )
    return struct


def record_type(dataset: str | DatasetDef, *, catalogue: Catalogue | None = None) -> type[msgspec.Struct]:
    """The msgspec type of one record of a dataset, made from its definition."""
    return _record_type(*find(dataset, catalogue))


def _struct_field(entry: FieldDef, catalogue: Catalogue) -> Any:
    value = _value_type(entry, catalogue)
    if entry.is_required:
        return (entry.name, value)
    if entry.parsed.is_text:
        return (entry.name, value | Literal[""] | None if catalogue.codes(entry) else value | None, None)
    return (entry.name, value | None, None)


def _value_type(entry: FieldDef, catalogue: Catalogue) -> Any:
    kind = entry.parsed
    codes = catalogue.codes(entry)
    if codes:
        return Literal[tuple(int(code) for code in codes) if kind.kind is Kind.NUMBER else codes]
    if kind.is_text:
        limits: dict[str, Any] = {"min_length": 1} if entry.is_required else {}
        if kind.length:
            limits["max_length"] = kind.length
        return Annotated[str, msgspec.Meta(**limits)]
    if kind.kind is Kind.NUMBER and not kind.scale:
        most = 10 ** min(kind.length, 18) - 1
        return Annotated[int, msgspec.Meta(ge=-most, le=most)]
    return _PLAIN_TYPES[kind.kind]


_PLAIN_TYPES: dict[Kind, Any] = {
    Kind.NUMBER: Decimal,
    Kind.DATE: dt.date,
    Kind.MOMENT: Annotated[dt.datetime, msgspec.Meta(tz=True)],
    Kind.LOGICAL: bool,
    Kind.GEOMETRY: dict[str, Any],
    Kind.JSON: Any,
    Kind.ATTACHMENT: str,
}


def check_record(
    record: Mapping[str, Any], dataset: str | DatasetDef, *, name: str = "", catalogue: Catalogue | None = None
) -> list[Fault]:
    """Every fault of one record given as plain values (from JSON); an empty list means that it is good.

    ``name`` says which record it is (a line, a key) and is repeated in each fault.
    """
    definition, catalogue = find(dataset, catalogue)
    faults = [
        Fault(name, field, "unknown_field", _("数据集 %(code)s 没有此字段，请删除或改名。") % {"code": definition.code})
        for field in sorted(set(record) - set(definition.by_name))
    ]
    known = {field: value for field, value in record.items() if field in definition.by_name}
    try:
        msgspec.convert(known, record_type(definition, catalogue=catalogue))
        well_formed = True
    except msgspec.ValidationError:
        well_formed = False
    for entry in definition.fields:
        rule = _broken_rule(entry, record, definition, catalogue, well_formed=well_formed)
        if rule:
            faults.append(Fault(name, entry.name, rule, remedy(rule, entry, catalogue)))
    return faults


def _broken_rule(
    entry: FieldDef, record: Mapping[str, Any], definition: DatasetDef, catalogue: Catalogue, *, well_formed: bool
) -> str:
    """The rule that one field breaks, or nothing."""
    value = record.get(entry.name)
    if value is None or value == "":
        return _missing(entry, record)
    if not well_formed:
        try:
            msgspec.convert(value, _value_type(entry, catalogue))
        except msgspec.ValidationError as error:
            return _rule_of(error, entry, catalogue)
    return _beyond_types(entry, value)


def _missing(entry: FieldDef, record: Mapping[str, Any]) -> str:
    if entry.is_required:
        return "required"
    condition = entry.condition
    if condition is None:
        return ""
    other = record.get(condition.field)
    holds = str(other) in condition.values if condition.values else other not in (None, "")
    return "conditional" if holds else ""


def _rule_of(error: msgspec.ValidationError, entry: FieldDef, catalogue: Catalogue) -> str:
    if catalogue.codes(entry):
        return "code_list"
    if "length" in str(error):
        return "length"
    return "range" if "`int`" in str(error) and ("<=" in str(error) or ">=" in str(error)) else "type"


def _beyond_types(entry: FieldDef, value: Any) -> str:
    """What a type cannot say: digits of a decimal, the kind of a geometry and the range of its coordinates."""
    kind = entry.parsed
    if kind.kind is Kind.NUMBER and kind.scale:
        number = Decimal(str(value))
        too_fine = number != round(number, kind.scale)
        return "range" if too_fine or abs(number) >= 10 ** (kind.length - kind.scale) else ""
    if kind.kind is Kind.GEOMETRY:
        allowed = {GEOJSON_NAMES[shape] for shape in kind.shapes}
        good = isinstance(value, dict) and "coordinates" in value and (not allowed or value.get("type") in allowed)
        return "" if good and _is_geographic(value["coordinates"]) else "geometry"
    return ""


def _is_geographic(coordinates: Any) -> bool:
    """Whether all positions are longitude and latitude in degrees."""
    if not isinstance(coordinates, list) or not coordinates:
        return False
    if isinstance(coordinates[0], int | float):
        return len(coordinates) >= 2 and abs(coordinates[0]) <= 180 and abs(coordinates[1]) <= 90
    return all(_is_geographic(part) for part in coordinates)
