"""What is made from a dataset's definition: the import template (xlsx) and the JSON schema."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import xlsxwriter
from django.utils.translation import gettext as _
from xlsxwriter.utility import xl_col_to_name

from sync.standard.rules.definitions import LATITUDE, LONGITUDE, Catalogue, DatasetDef, FieldDef, Kind, Obligation
from sync.standard.selectors.dictionaries import reads_english, title
from sync.standard.validation import record_type

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TEMPLATE_ROWS = 1000
"""Rows of a template that offer the codes of a list to choose from."""


def json_schema(dataset: DatasetDef, catalogue: Catalogue) -> dict[str, Any]:
    """The JSON schema of one record (draft 2020-12), from the same type that validates it."""
    made = msgspec.json.schema(record_type(dataset, catalogue=catalogue))
    body: dict[str, Any] = made["$defs"][f"{dataset.code}Record"]
    for entry in dataset.fields:
        schema = body["properties"][entry.name]
        schema["title"] = entry.cn
        notes = [entry.note, f"{entry.type} {entry.req} {entry.codelist}".strip()]
        schema["description"] = "; ".join(note for note in notes if note)
    if conditions := _conditions(dataset):
        body["allOf"] = conditions
    body.update(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"urn:cityops:dataset:{catalogue.code}:{dataset.code}",
            "title": f"{dataset.code} {dataset.cn}",
            "description": f"{catalogue.title}; {catalogue.source}",
        }
    )
    return body


def _conditions(dataset: DatasetDef) -> list[dict[str, Any]]:
    """The fields that must be filled under a condition, as if/then."""
    found = []
    for entry in dataset.fields:
        if entry.condition is not None and not entry.is_required:
            other = dataset.by_name[entry.condition.field]
            values = [int(v) if other.parsed.kind is Kind.NUMBER else v for v in entry.condition.values]
            given = {"enum": values} if values else _FILLED
            found.append({"if": _having(other.name, given), "then": _having(entry.name, _FILLED)})
    return found


_FILLED = {"not": {"enum": [None, ""]}}


def _having(field: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": [field], "properties": {field: schema}}


def template_columns(dataset: DatasetDef) -> list[FieldDef]:
    """The columns of a template: the fields; a geometry that may be a point has longitude and latitude before it.

    Where it can be nothing else they take its place. Other geometries are written as WKT.
    """
    columns: list[FieldDef] = []
    for entry in dataset.fields:
        if entry.parsed.kind is not Kind.GEOMETRY:
            columns.append(entry)
            continue
        shapes = entry.parsed.shapes
        is_point = not shapes or "POINT" in shapes
        if is_point:
            columns += [replace(column, req=entry.req if shapes == ("POINT",) else "O") for column in _PLACE]
        if shapes != ("POINT",):
            columns.append(replace(entry, note=f"WKT; {entry.note}", req="O" if is_point else entry.req))
    return columns


_PLACE = (LONGITUDE, LATITUDE)


def import_template(dataset: DatasetDef, catalogue: Catalogue) -> bytes:
    """An xlsx to fill: a sheet for the data with the fields as columns, one that explains them, one with the codes.

    Columns with a code list offer its codes; the head of a mandatory column is marked. An import takes it without a
    mapping: the heads are the fields' Chinese names, or their names where the reader has chosen English.
    """
    target = io.BytesIO()
    columns = template_columns(dataset)
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        head = book.add_format({"bold": True, "bg_color": "#EAF1FB", "border": 1})
        needed = book.add_format({"bold": True, "bg_color": "#FFF4D9", "border": 1})
        text = book.add_format({"num_format": "@"})
        data = book.add_worksheet(_("数据"))
        explained = book.add_worksheet(_("填写说明"))
        codes = book.add_worksheet(_("代码表"))
        places = _write_codes(codes, dataset, catalogue, head)
        for column, entry in enumerate(columns):
            shown = entry.name if reads_english() else entry.cn
            data.write_string(0, column, shown, needed if entry.is_required else head)
            data.write_comment(0, column, f"{entry.name} {entry.type} {entry.req}\n{entry.note}".strip())
            data.set_column(column, column, max(10, 2 * len(shown) + 2), text if entry.parsed.is_text else None)
            if entry.codelist in places:
                source = f"='{codes.get_name()}'!{places[entry.codelist]}"
                data.data_validation(1, column, TEMPLATE_ROWS, column, {"validate": "list", "source": source})
        data.freeze_panes(1, 0)
        _write_table(explained, field_heads(), [field_cells(entry) for entry in columns], head)
    return target.getvalue()


def field_heads() -> list[str]:
    """Heads of the table of fields."""
    return [_("名称"), _("字段"), _("缩写"), _("类型"), _("约束"), _("代码表"), _("说明")]


def field_cells(entry: FieldDef) -> list[str]:
    """One field as a row of that table."""
    return [
        title(entry),
        entry.name,
        entry.abbr,
        entry.type,
        obligation_words()[entry.req],
        entry.codelist,
        field_note(entry),
    ]


def field_note(entry: FieldDef) -> str:
    """The remark of a field, and when it must be filled."""
    return "；".join(part for part in (entry.note, _("当 %s 时必填") % entry.when if entry.when else "") if part)


def obligation_words() -> dict[str, str]:
    """M, C, O in words."""
    return {
        Obligation.MANDATORY: _("必填"),
        Obligation.CONDITIONAL: _("条件必填"),
        Obligation.OPTIONAL: _("可选"),
    }


def _write_codes(sheet: Any, dataset: DatasetDef, catalogue: Catalogue, head: Any) -> dict[str, str]:
    """Write the code lists side by side; returns the range of the codes of each."""
    places: dict[str, str] = {}
    names = sorted({entry.codelist for entry in dataset.fields if entry.codelist})
    for number, name in enumerate(names):
        listed = catalogue.lists[name]
        column = number * 3
        sheet.merge_range(0, column, 0, column + 1, f"{name} {listed.name}", head)
        sheet.set_column(column + 1, column + 1, 22)
        for row, (code, label) in enumerate(listed.items, 1):
            sheet.write_string(row, column, code)
            sheet.write_string(row, column + 1, label)
        if listed.items:
            letter = xl_col_to_name(column)
            places[name] = f"${letter}$2:${letter}${len(listed.items) + 1}"
    return places


def _write_table(sheet: Any, heads: Sequence[str], rows: Iterable[Sequence[Any]], style: Any) -> None:
    for column, shown in enumerate(heads):
        sheet.write_string(0, column, shown, style)
        sheet.set_column(column, column, 16)
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            sheet.write(number, column, value)
    sheet.freeze_panes(1, 0)
