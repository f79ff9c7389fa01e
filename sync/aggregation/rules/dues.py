"""The due list 应报清单: which period of a dataset is due when, and how it stands. Days are those of the instance."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

FREQUENCIES = ("live", "quarter_hour", "day", "month", "quarter", "year", "change")
"""即时、15分钟、日、月、季、年、变更: how often a node sends a dataset."""
QUIET = timedelta(days=1)
"""A dataset that comes every quarter of an hour is late where nothing came for so long."""
PERIODS = {"GL04": ("stat_date", "day"), "GL05": ("period_code", "month"), "GL10": ("period_code", "month")}
"""Datasets by period: the field that says of which one a record is, and the frequency that the field is made for."""
PREFILLED = {"GL04": "GL01", "GL05": "GL01", "GL10": "JC05"}
"""Datasets that a node's platform fills by itself, and what from: nobody types them."""
DAILY_HOUR = 6
"""Daily figures are due at six on the next day (T+1 06:00)."""
MONTHLY_DAY = 5
"""Monthly figures are due on the fifth of the next month; quarterly and yearly ones as well."""


@dataclass(frozen=True)
class Due:
    """One period that is due: its code, first and last day, and when it must be here."""

    period: str
    first: date
    last: date
    due_at: datetime


def frequency_of(text: str) -> str:
    """The frequency that a definition writes in words (standards §2.3); what changes seldom is sent on change."""
    words: Mapping[str, str] = {
        "15": "quarter_hour",
        "即时": "live",
        "每": "live",
        "变更": "change",
        "随": "change",
        "日": "day",
        "月": "month",
        "季": "quarter",
        "年": "year",
    }
    return next((code for word, code in words.items() if word in text), "change")


def last_due(
    frequency: str, now: datetime, zone: tzinfo, *, hour: int = DAILY_HOUR, day: int = MONTHLY_DAY
) -> Due | None:
    """The latest period whose due time has passed; None for what has no periods."""
    if frequency not in ("day", "month", "quarter", "year"):
        return None
    local = now.astimezone(zone)
    first = _start(frequency, local.date())
    while True:
        first, after = _start(frequency, first - timedelta(days=1)), first
        due = _due_at(frequency, after, zone, hour, day)
        if due <= local:
            return Due(_code(frequency, first), first, after - timedelta(days=1), due)


def _start(frequency: str, day: date) -> date:
    if frequency == "day":
        return day
    month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}[frequency]
    return date(day.year, month, 1)


def _due_at(frequency: str, after: date, zone: tzinfo, hour: int, day: int) -> datetime:
    """Due at an hour of the day after, or at the end of a day of the month after, of the period."""
    if frequency == "day":
        return datetime.combine(after, time(hour), tzinfo=zone)
    return datetime.combine(after + timedelta(days=day), time(0), tzinfo=zone)


def _code(frequency: str, first: date) -> str:
    if frequency == "day":
        return first.isoformat()
    if frequency == "month":
        return f"{first:%Y%m}"
    return f"{first:%Y}Q{(first.month + 2) // 3}" if frequency == "quarter" else f"{first:%Y}"


def state_of(*, frequency: str, due: Due | None, records: int, arrived_at: datetime | None, now: datetime) -> str:
    """How a dataset stands: ``ok``, ``late`` (came after its time, or came last too long ago), ``missing``, or ``none``
    for what is sent only when something happens, where nothing did.

    ``records`` are those of the period where there is one, otherwise all; ``arrived_at`` the first of the period's,
    otherwise the last of all.
    """
    if not records:
        return "none" if frequency in ("live", "change") else "missing"
    if due is not None:
        return "late" if arrived_at is not None and arrived_at > due.due_at else "ok"
    is_quiet = frequency == "quarter_hour" and arrived_at is not None and now - arrived_at > QUIET
    return "late" if is_quiet else "ok"
