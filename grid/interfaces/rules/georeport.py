"""Rules of Open311 GeoReport v2: what a status is, how long a list may reach, what the public is shown.

Source: Open311 GeoReport v2 (wiki.open311.org/GeoReport_v2), GET Service Requests.
"""

import re
from datetime import datetime, timedelta

from grid.rules.stages import FINAL_STAGES, OPEN_STAGES

OPEN, CLOSED = "open", "closed"
STAGES = {OPEN: frozenset(OPEN_STAGES), CLOSED: frozenset(stage.value for stage in FINAL_STAGES)}
"""Status → the stages of a case that are it. The two together are all stages."""
LONGEST_SPAN = timedelta(days=90)
MOST_REQUESTS = 1000
PUBLIC_SOURCES = ("01", "03", "11")
"""Cases that anybody may read of: seen on the street by collectors, the public, volunteers. Not petitions, hotline
calls, or what leaders and other departments handed on."""
PUBLIC_DECIMALS = 3
"""Decimals of a degree that the public is shown: about a hundred metres."""
SERVICE_CODE = re.compile(r"[12]-[0-9]{4,5}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+-]\d\d:\d\d)")


class GeoReportFault(ValueError):
    """Something in a query is not what it should be; ``rule`` is stable, ``name`` the parameter."""

    def __init__(self, name: str, rule: str, given: str = "") -> None:
        super().__init__(f"{name}: {rule}")
        self.name, self.rule, self.given = name, rule, given[:80]


def status_of(state: str) -> str:
    """``open`` or ``closed``."""
    return CLOSED if state in STAGES[CLOSED] else OPEN


def service_code(kind: str, class_code: str) -> str:
    """The code of a service: kind (1 component, 2 matter) and class, whose codes overlap without it."""
    return f"{kind}-{class_code}"


def parse_service_code(text: str, name: str = "service_code") -> tuple[str, str]:
    """Kind and class of a service code. Raises GeoReportFault for what can be none."""
    if not SERVICE_CODE.fullmatch(text):
        raise GeoReportFault(name, "service_form", text)
    kind, _, class_code = text.partition("-")
    return kind, class_code


def parse_moment(name: str, text: str) -> datetime:
    """A moment in the W3C form with its zone. Raises GeoReportFault."""
    plain = text.strip().replace(" ", "+").upper()  # a plus that was not encoded comes as a blank
    try:
        if MOMENT.fullmatch(plain):
            return datetime.fromisoformat(plain)
    except ValueError as error:
        raise GeoReportFault(name, "moment_form", text) from error
    raise GeoReportFault(name, "moment_form", text)


def span(start: datetime | None, end: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """First and last moment of a list: the latest 90 days where nothing is said, 90 days from the one that is.

    Raises GeoReportFault where it is longer, or ends before it begins.
    """
    try:
        if start is None:
            end = end or now
            return end - LONGEST_SPAN, end
        end = end or min(start + LONGEST_SPAN, max(now, start))
    except OverflowError as error:
        raise GeoReportFault("start_date", "moment_form") from error
    if end < start:
        raise GeoReportFault("end_date", "span_order")
    if end - start > LONGEST_SPAN:
        raise GeoReportFault("start_date", "span_long")
    return start, end


def parse_statuses(text: str) -> frozenset[str]:
    """The stages of a list of statuses. Raises GeoReportFault for a word that is none."""
    words = {word.strip().lower() for word in text.split(",") if word.strip()}
    if not words or words - set(STAGES):
        raise GeoReportFault("status", "status_form", text)
    return frozenset().union(*(STAGES[word] for word in words))
