"""The parameter ``datetime`` of OGC API Features (Part 1, 7.15.4): a moment, or an interval that may be open."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from grid.interfaces.rules.crs import QueryFault

OPEN_ENDS = frozenset({"", ".."})
DAY = re.compile(r"\d{4}-\d\d-\d\d")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)?")


@dataclass(frozen=True)
class Interval:
    """From ``begin`` (included) to ``end`` (included); None is open."""

    begin: datetime | None
    end: datetime | None


def parse_interval(text: str, zone: tzinfo = UTC) -> Interval:
    """The interval of a ``datetime``; a day without a time is the whole day in ``zone``. Raises QueryFault."""
    first, slash, last = text.partition("/")
    if not slash:
        return Interval(_begin(first, zone), _end(first, zone))
    begin = None if first in OPEN_ENDS else _begin(first, zone)
    end = None if last in OPEN_ENDS else _end(last, zone)
    if begin is None and end is None:
        raise QueryFault("datetime", "interval_open")
    if begin and end and begin > end:
        raise QueryFault("datetime", "interval_order")
    return Interval(begin, end)


def _begin(text: str, zone: tzinfo) -> datetime:
    found = _parse(text, zone)
    return found if isinstance(found, datetime) else datetime.combine(found, time.min, zone)


def _end(text: str, zone: tzinfo) -> datetime:
    found = _parse(text, zone)
    if isinstance(found, datetime):
        return found
    try:
        return datetime.combine(found + timedelta(days=1), time.min, zone) - timedelta(microseconds=1)
    except OverflowError as error:
        raise QueryFault("datetime", "datetime_form") from error


def _parse(text: str, zone: tzinfo) -> date | datetime:
    text = text.strip().replace(" ", "+")  # a plus that was not encoded in the address comes as a blank
    try:
        if DAY.fullmatch(text):
            return date.fromisoformat(text)
        if MOMENT.fullmatch(text):
            found = datetime.fromisoformat(text.upper())
            return found if found.tzinfo else found.replace(tzinfo=zone)
    except ValueError as error:
        raise QueryFault("datetime", "datetime_form") from error
    raise QueryFault("datetime", "datetime_form")
