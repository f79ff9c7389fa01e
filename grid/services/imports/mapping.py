"""The mapping file 映射文件: which column of a foreign file is which field, in TOML.

Without [columns] and [templates] the heads of the file decide: a column whose head is the name of a field is taken.

[file]                          # everything here may be left out
format = "csv"                  # csv, xlsx or geojson; otherwise by the file's name
encoding = "GB18030"            # otherwise found out: UTF-8 with or without mark, GB18030
delimiter = ","
sheet = "Sheet1"
time_zone = "America/New_York"  # of times without a zone; otherwise the instance's
time_format = "%Y-%m-%d %H:%M"  # otherwise ISO and the usual spellings
coordinates = "WGS-84"          # CGCS2000, WGS-84, GCJ-02 or BD-09; otherwise CGCS2000

[columns]                       # field = "column of the file"
grid_code = "CODE"
[templates]                     # field built from columns: {column}, part {column[0:2]}, padded {column:03}
grid_code = "990101{WARD:03}001{PRECINCT[0:2]:03}"
[constants]                     # field = the same value in every row
std_ref = "GB/T 47678.5-2026"
[codes.state]                   # value of the file = code; "*" is any other value
"Closed" = "80"
[options]                       # what the kind of import understands, see docs/imports.md
"""

import re
import tomllib
import zoneinfo
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from cityops.foundation.coordinates import CoordinateFault, CoordinateSystem, parse_system
from grid.services.imports.faults import FileRefused

SECTIONS = {"file", "columns", "templates", "constants", "codes", "options"}
FILE_KEYS = {"format", "encoding", "delimiter", "sheet", "time_zone", "time_format", "coordinates"}
MOST_PARTS = 50
"""Columns that one template puts together, and places of the value in a code."""
_PART = re.compile(r"\{([^{}\[\]:]+)(?:\[(\d*):(\d*)\])?(?::0(\d+))?\}")


@dataclass(frozen=True)
class Template:
    """A text with ``{column}``, ``{column[from:to]}`` and ``{column:0width}`` in it."""

    text: str

    @property
    def columns(self) -> set[str]:
        """The columns it reads."""
        return {match.group(1) for match in _PART.finditer(self.text)}

    def fill(self, values: dict[str, str]) -> str:
        """The text for one row; an empty column leaves the whole empty."""
        if any(not values.get(name, "") for name in self.columns):
            return ""

        def part(match: re.Match[str]) -> str:
            name, start, end, width = match.groups()
            text = values[name]
            if start is not None:
                text = text[int(start or 0) : int(end) if end else None]
            return text.zfill(int(width)) if width else text

        return _PART.sub(part, self.text)


@dataclass(frozen=True)
class Mapping:
    """A mapping file, read and checked."""

    format: str = ""
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    time_format: str = ""
    zone: zoneinfo.ZoneInfo = field(default_factory=lambda: zoneinfo.ZoneInfo(settings.TIME_ZONE))
    coordinates: CoordinateSystem = CoordinateSystem.CGCS2000
    columns: dict[str, str] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def is_by_heads(self) -> bool:
        """Whether the heads of the file say which column is which field."""
        return not self.columns and not self.templates

    @property
    def fields(self) -> set[str]:
        """Every field that gets a value."""
        return {*self.columns, *self.templates, *self.constants}

    @property
    def file_columns(self) -> set[str]:
        """Every column that the file must have."""
        return set(self.columns.values()) | {name for t in self.templates.values() for name in t.columns}

    def source(self, name: str) -> str:
        """Where a field comes from, for messages."""
        return self.columns.get(name) or (self.templates[name].text if name in self.templates else name)

    def value(self, name: str, row: dict[str, str]) -> str:
        """The text of a field in a row, with its code translated; empty where the row has none.

        Raises KeyError for a value that the codes do not name (and that has no ``*``).
        """
        if name in self.columns:
            text = row.get(self.columns[name], "")
        elif name in self.templates:
            text = self.templates[name].fill(row)
        else:
            return self.constants.get(name, "")
        codes = self.codes.get(name)
        if codes is None:
            return text or self.constants.get(name, "")
        if text in codes:
            return codes[text]
        if "*" in codes:
            return codes["*"].replace("{}", text)
        if not text:
            return ""
        raise KeyError(text)


def _refuse(place: str, remedy: str) -> FileRefused:
    return FileRefused(_("映射文件的 %(place)s 有误：%(remedy)s") % {"place": place, "remedy": remedy}, place=place)


def _table(data: dict[str, Any], name: str) -> dict[str, str]:
    table = data.get(name, {})
    if not isinstance(table, dict):
        raise _refuse(f"[{name}]", _("应为一张表。"))
    for key, value in table.items():
        if isinstance(value, dict | list):
            raise _refuse(f"[{name}] {key}", _("应为一个值。"))
    return {key: str(value) for key, value in table.items()}


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise _refuse(
            "[file] time_zone", _("没有名为 %(name)s 的时区，例如 Asia/Shanghai。") % {"name": name}
        ) from error


def _system(name: str) -> CoordinateSystem:
    try:
        return parse_system(name)
    except CoordinateFault as fault:
        raise _refuse("[file] coordinates", str(fault)) from fault


def parse_mapping(text: str, *, known: set[str], options: set[str] = frozenset()) -> Mapping:  # type: ignore[assignment]
    """Read a mapping file. ``known`` are the fields and ``options`` the options of this kind of import.

    Raises FileRefused, naming the place: no TOML, a section, field or option nobody knows, a zone or coordinate
    system that does not exist.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _refuse("TOML", str(error)) from error
    if unknown := sorted(set(data) - SECTIONS):
        raise _refuse(f"[{unknown[0]}]", _("可用的段落有 %(known)s。") % {"known": ", ".join(sorted(SECTIONS))})
    file = _table(data, "file")
    if unknown := sorted(set(file) - FILE_KEYS):
        raise _refuse(f"[file] {unknown[0]}", _("可用的项有 %(known)s。") % {"known": ", ".join(sorted(FILE_KEYS))})
    if len(file.get("delimiter", ",")) != 1:
        raise _refuse("[file] delimiter", _("分隔符为一个字符。"))
    if not all(isinstance(data.get(name, {}), dict) for name in ("codes", "options")):
        raise _refuse("[codes] / [options]", _("应为一张表。"))
    mapping = Mapping(
        format=file.get("format", "").lower(),
        encoding=file.get("encoding", ""),
        delimiter=file.get("delimiter", ""),
        sheet=file.get("sheet", ""),
        time_format=file.get("time_format", ""),
        zone=_zone(file.get("time_zone", settings.TIME_ZONE)),
        coordinates=_system(file.get("coordinates", CoordinateSystem.CGCS2000)),
        columns=_table(data, "columns"),
        templates={key: Template(value) for key, value in _table(data, "templates").items()},
        constants=_table(data, "constants"),
        codes={key: _table(data.get("codes", {}), key) for key in data.get("codes", {})},
        options=data.get("options", {}),
    )
    _check_names(mapping, known, set(options))
    _check_sizes(mapping)
    return mapping


def _check_sizes(mapping: Mapping) -> None:
    """A few letters of a mapping must not become a text without end in every row."""
    for name, template in mapping.templates.items():
        parts = [match.groups()[1:] for match in _PART.finditer(template.text)]
        if len(parts) > MOST_PARTS or any(len(digits or "") > 3 for part in parts for digits in part):
            raise _refuse(
                f"[templates] {name}",
                _("最多 %(most)s 个部分，位置和宽度最多三位数。") % {"most": MOST_PARTS},
            )
    for name, codes in mapping.codes.items():
        if codes.get("*", "").count("{}") > MOST_PARTS:
            raise _refuse(f"[codes.{name}] *", _("{} 最多出现 %(most)s 次。") % {"most": MOST_PARTS})


def _check_names(mapping: Mapping, known: set[str], options: set[str]) -> None:
    if unknown := sorted((mapping.fields | set(mapping.codes)) - known):
        raise _refuse(unknown[0], _("没有这个字段，可用的字段有 %(known)s。") % {"known": ", ".join(sorted(known))})
    if unknown := sorted(set(mapping.options) - options):
        raise _refuse(
            f"[options] {unknown[0]}", _("可用的选项有 %(known)s。") % {"known": ", ".join(sorted(options)) or "—"}
        )
