"""Converters: the text of a foreign file becomes the value of a field, or a fault that says how to mend it."""

import datetime as dt
import re
from collections.abc import Callable, Iterable
from collections.abc import Mapping as Mapping_
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from cityops.regions.rules import is_code
from grid.services.imports.faults import ValueFault
from grid.services.imports.mapping import Mapping

Convert = Callable[[str, Mapping], Any]
DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y.%m.%d", "%Y年%m月%d日")
TIME_FORMATS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y%m%d%H%M%S",
    "%m/%d/%Y %I:%M:%S %p",
)
EARLIEST = 1949
"""No record of a city is older than this year; a year before it is a slip."""
LARGEST_NUMBER = Decimal("99999.9")
"""What the column of a limit holds (numeric(6,1))."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


@dataclass(frozen=True)
class Field:
    """One field that a file can give: its name, its SQL type while staged, and how its text is read."""

    name: str
    sql: str
    convert: Convert
    required: bool = False


def clean(value: str) -> str:
    """A text without control characters and halves of characters, which no table takes."""
    return _CONTROLS.sub("", value)


def text(size: int, *, cut: bool = False) -> Convert:
    """Text of at most ``size`` characters; ``cut`` shortens a longer one instead of refusing it."""

    def convert(value: str, mapping: Mapping) -> str:
        value = clean(value)
        if size and len(value) > size:
            if cut:
                return value[: size - 1] + "…"
            raise ValueFault(
                "too_long",
                _("“%(value)s…”有 %(length)s 个字符，最多 %(size)s 个。")
                % {"value": value[:20], "length": len(value), "size": size},
                _("请缩短该值。"),
            )
        return value

    return convert


def one_of(choices: Iterable[tuple[Any, Any]], also: Mapping_[str, str] | None = None) -> Convert:
    """A code of a list, or its label; ``also`` are other words for the codes."""
    pairs = [(str(code), str(label)) for code, label in choices]
    by_label = {**(also or {}), **{label: code for code, label in pairs}}
    codes = {code for code, _label in pairs}

    def convert(value: str, mapping: Mapping) -> str:
        code = by_label.get(value, value)
        if code not in codes:
            raise ValueFault(
                "unknown_code",
                _("“%(value)s”不在代码表中。") % {"value": value},
                _("可用的代码：%(known)s；也可在映射文件的 [codes] 中翻译。")
                % {"known": "、".join(f"{code} {label}" for code, label in pairs)},
            )
        return code

    return convert


def division(value: str, mapping: Mapping) -> str:
    """A division code of 12 digits."""
    if not is_code(value):
        raise ValueFault("code_form", _("“%(value)s”不是 12 位区划代码。") % {"value": value}, _("请填写 12 位数字。"))
    return value


def date(value: str, mapping: Mapping) -> dt.date:
    """A day."""
    return _stamp(value, mapping, (*DATE_FORMATS, *TIME_FORMATS)).date()


def moment(value: str, mapping: Mapping) -> dt.datetime:
    """A moment; a text without a zone is local time of the mapping's zone.

    A local time that the clock skipped is refused; of one that it passed twice the first is taken.
    """
    found = _stamp(value, mapping, (*TIME_FORMATS, *DATE_FORMATS))
    if found.tzinfo is not None:
        return found
    there = found.replace(tzinfo=mapping.zone)
    if there.astimezone(dt.UTC).astimezone(mapping.zone).replace(tzinfo=None) != found:
        raise ValueFault(
            "bad_date",
            _("%(value)s 在时区 %(zone)s 不存在(夏令时跳过)。") % {"value": value, "zone": mapping.zone},
            _("请核对时间或映射文件的 time_zone。"),
        )
    return there


def _stamp(value: str, mapping: Mapping, formats: tuple[str, ...]) -> dt.datetime:
    found = _parsed(value, mapping, formats)
    if found is None or not EARLIEST <= found.year <= dt.datetime.now(dt.UTC).year + 50:
        example = mapping.time_format or formats[0]
        raise ValueFault(
            "bad_date",
            _("“%(value)s”不是有效的日期或时间。") % {"value": value},
            _("请按 %(example)s 的格式填写，或在映射文件的 time_format 中写明格式。") % {"example": example},
        )
    return found


def _parsed(value: str, mapping: Mapping, formats: tuple[str, ...]) -> dt.datetime | None:
    if not mapping.time_format:
        try:
            return dt.datetime.fromisoformat(value)
        except ValueError:
            pass
    for pattern in (mapping.time_format,) if mapping.time_format else formats:
        try:
            return dt.datetime.strptime(value, pattern)  # noqa: DTZ007 — the caller gives the zone
        except (ValueError, re.error):  # of a format that names a part twice
            continue
    return None


def number(value: str, mapping: Mapping) -> Decimal:
    """A number from 0 to LARGEST_NUMBER, to one decimal."""
    found = _number(value)
    if not 0 <= found <= LARGEST_NUMBER:
        raise ValueFault(
            "bad_number",
            _("“%(value)s”不是有效的数字。") % {"value": value},
            _("请填写 0 到 %(most)s 的数字。") % {"most": LARGEST_NUMBER},
        )
    return found.quantize(Decimal("0.1"))


def _number(value: str) -> Decimal:
    """A number; -1 for what is none."""
    try:
        found = Decimal(value)
    except InvalidOperation:
        return Decimal(-1)
    return found if found.is_finite() else Decimal(-1)


def whole(most: int) -> Convert:
    """A whole number from 0 to ``most``."""

    def convert(value: str, mapping: Mapping) -> int:
        found = _number(value)
        if not 0 <= found <= most or found != found.to_integral_value():
            remedy = _("请填写 0 到 %(most)s 的整数。") % {"most": most}
            raise ValueFault("bad_number", _("“%(value)s”不是整数。") % {"value": value}, remedy)
        return int(found)

    return convert


def degrees(value: str, mapping: Mapping) -> float:
    """A coordinate as a number; whether it can be one of a place is asked for the pair."""
    try:
        return float(value)
    except ValueError as error:
        raise ValueFault(
            "bad_coordinate",
            _("“%(value)s”不是坐标。") % {"value": value},
            _("请填写十进制度数，例如 120.155100。"),
        ) from error
