"""Fields of an import as the loaded standard defines them: length, obligation, codes, and the heads of columns."""

from collections.abc import Iterable
from typing import Any

from cityops.foundation.records import registry
from grid.services.imports.values import Field, date, moment, number, one_of, text, whole
from sync.standard.rules.definitions import LATITUDE, LONGITUDE, Catalogue, FieldDef, Kind

LONGEST = 4_000
"""Characters of a text that is cut and for which the dataset sets no limit."""


def field_of(dataset: str, column: str, found: Catalogue) -> FieldDef:
    """The definition of the dataset's field that a model keeps in ``column``. Raises KeyError where there is none."""
    names = {kept: name for name, kept in registry.get(dataset).fields.items()}
    return found.by_code[dataset].by_name[names[column]]


def read_by_definition(dataset: str, column: str, found: Catalogue, *, cut: bool = False, needed: bool = True) -> Field:
    """How a file's text becomes the value of a column.

    ``cut`` shortens what is too long instead of refusing it. Without ``needed`` the field may be empty although the
    dataset demands it, because the import fills it.
    """
    entry = field_of(dataset, column, found)
    kind, required = entry.parsed, entry.is_required and needed
    if items := found.lists[entry.codelist].items if entry.codelist else ():
        return Field(column, "text", one_of(*_codes(dataset, column, items)), required=required)
    if kind.kind is Kind.DATE:
        return Field(column, "date", date, required=required)
    if kind.kind is Kind.MOMENT:
        return Field(column, "timestamptz", moment, required=required)
    if kind.kind is Kind.NUMBER and kind.scale:
        return Field(column, f"numeric({kind.length},{kind.scale})", number, required=required)
    if kind.kind is Kind.NUMBER:
        return Field(column, "int", whole(10**kind.length - 1), required=required)
    return Field(column, "text", text(kind.length or (LONGEST if cut else 0), cut=cut), required=required)


def _codes(dataset: str, column: str, items: Iterable[tuple[str, str]]) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """The codes of a list that the model knows too, and the words by which the pages call them."""
    choices: Any = registry.get(dataset).model._meta.get_field(column)
    known = {str(code): str(label) for code, label in choices.flatchoices if code != ""}
    pairs = [(code, label) for code, label in items if not known or code in known]
    return pairs, {label: code for code, label in known.items()}


LOCAL_HEADS = {"区域类别": "area_class"}
"""Heads of columns that the datasets do not have: the city's own."""


def heads_of(dataset: str, columns: Iterable[str], found: Catalogue) -> dict[str, str]:
    """Head of a file's column → field of the import: Chinese names and names of the dataset, and the place."""
    names = registry.get(dataset).fields
    heads = {column: column for column in columns}
    for name, column in names.items():
        entry = found.by_code[dataset].by_name[name]
        target = "wkt" if entry.parsed.kind is Kind.GEOMETRY else column
        if target in heads.values():
            heads |= {name: target, entry.cn: target}
    heads |= {head: column for head, column in LOCAL_HEADS.items() if column in heads}
    for entry in (LONGITUDE, LATITUDE):
        if entry.name in heads:
            heads[entry.cn] = entry.name
    return heads
