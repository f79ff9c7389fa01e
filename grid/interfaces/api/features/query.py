"""What a request of items asks for: limit, place, time, properties, coordinate system."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from cityops.foundation.errors import InvalidInput
from grid.interfaces.api.features.base import refused
from grid.interfaces.rules.crs import Crs, QueryFault, parse_bbox, parse_crs
from grid.interfaces.rules.moments import parse_interval
from grid.interfaces.selectors.collections import Collection
from grid.interfaces.selectors.features import Question

DEFAULT_LIMIT = 100
LARGEST_LIMIT = 10_000
"""Features in one answer to a machine; a larger ``limit`` is taken as this one (Part 1, 7.15.2)."""
LARGEST_PAGE = 100
"""The same for a page that people read."""
LONGEST_KEY = 64
PLAIN = frozenset({"f", "limit", "after", "bbox", "bbox-crs", "crs", "datetime", "division"})
"""Parameters of every collection."""


def known_parameters(collection: Collection) -> frozenset[str]:
    """The parameters of items of a collection."""
    return PLAIN | frozenset(collection.filters)


def question_of(request: Request, collection: Collection, largest: int = LARGEST_LIMIT) -> Question:
    """The question of a request. Raises InvalidInput, which names the parameter and how to mend it."""
    given = request.query_params
    try:
        box_crs = parse_crs("bbox-crs", given["bbox-crs"]) if "bbox-crs" in given else Crs.CRS84
        return Question(
            limit=_limit(given.get("limit"), largest),
            after=_short("after", given.get("after", "")),
            crs=crs_of(request),
            bbox=parse_bbox(given["bbox"], box_crs) if "bbox" in given else None,
            interval=_interval(given.get("datetime")),
            division=_digits("division", given.get("division", "")),
            equal={name: _value(collection, name, given[name]) for name in collection.filters if name in given},
        )
    except QueryFault as fault:
        raise explained(fault) from fault


def crs_of(request: Request) -> Crs:
    """The coordinate system that is asked for. Raises InvalidInput for one that is not offered."""
    try:
        return parse_crs("crs", request.query_params.get("crs", Crs.CRS84))
    except QueryFault as fault:
        raise explained(fault) from fault


def _interval(text: str | None) -> Any:
    return None if text is None else parse_interval(text, timezone.get_current_timezone())


def _limit(text: str | None, largest: int) -> int:
    if text is None:
        return min(DEFAULT_LIMIT, largest)
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):
        raise refused("limit", "limit_form", _("limit 应为 1 至 %s 的整数。") % largest)
    return min(int(text), largest)


def _short(name: str, text: str) -> str:
    if len(text) > LONGEST_KEY:
        raise refused(name, "cursor_form", _("after 请从上一页给出的 next 地址取得。"))
    return text


def _digits(name: str, text: str) -> str:
    if text and not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise refused(name, "division_form", _("division 应为最多 12 位数字的区划代码。"))
    return text


def _value(collection: Collection, name: str, text: str) -> str:
    """A value that the column can be compared with. Raises InvalidInput for one that it can never hold."""
    column = collection.column(name)
    try:
        column.to_python(text)
    except ValidationError as error:
        raise refused(name, "value_form", " ".join(error.messages)) from error
    if column.choices and text not in {code for code, _label in column.flatchoices}:
        codes = "、".join(str(code) for code, _label in column.flatchoices)
        raise refused(name, "code", _("%(name)s 的代码不在代码表中;可用:%(codes)s。") % {"name": name, "codes": codes})
    return text


def explained(fault: QueryFault) -> InvalidInput:
    """A fault of a rule in words."""
    sentences = {
        "crs_unknown": _("不提供坐标系 %(given)s;可用:%(known)s。"),
        "bbox_form": _("bbox 应为 4 个(或含高程的 6 个)用逗号分隔的数字:先最小的两个,再最大的两个。"),
        "bbox_order": _("bbox 的最小值大于最大值;请按坐标系的轴序先写最小的两个数。"),
        "bbox_range": _("bbox 超出经纬度范围;请核对 bbox-crs 的轴序(EPSG:4490 与 EPSG:4326 纬度在前)。"),
        "datetime_form": _("datetime 应为 RFC 3339 时间、日期或区间,例如 2026-07-01T00:00:00Z/..。"),
        "interval_open": _("datetime 的区间至少有一端要写明时间。"),
        "interval_order": _("datetime 区间的开始晚于结束。"),
    }
    text = sentences[fault.rule]
    return refused(fault.name, fault.rule, text % fault.facts if fault.facts else text)
