"""Statuses, spans and codes of GeoReport: by table, without a database."""

import datetime as dt

import pytest

from grid.interfaces.rules.georeport import (
    CLOSED,
    OPEN,
    STAGES,
    GeoReportFault,
    parse_moment,
    parse_service_code,
    parse_statuses,
    span,
    status_of,
)
from grid.rules.stages import Stage


def day(number, month=7):
    return dt.datetime(2026, month, number, tzinfo=dt.UTC)


NOW = day(20, month=11)
DAYS = dt.timedelta(days=1)


def test_every_stage_is_open_or_closed_and_not_both():
    assert STAGES[OPEN] | STAGES[CLOSED] == {stage.value for stage in Stage}
    assert not STAGES[OPEN] & STAGES[CLOSED]


@pytest.mark.parametrize(
    ("stage", "status"),
    [
        (Stage.REPORTED, OPEN),
        (Stage.CHECKING, OPEN),
        (Stage.SUSPENDED, OPEN),
        (Stage.REJECTED, CLOSED),
        (Stage.CLOSED, CLOSED),
        (Stage.VOIDED, CLOSED),
        (Stage.MERGED, CLOSED),
    ],
)
def test_a_stage_has_its_status(stage, status):
    assert status_of(stage.value) == status


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, (NOW - 90 * DAYS, NOW)),
        (None, day(1), (day(1) - 90 * DAYS, day(1))),
        (day(1), None, (day(1), day(1) + 90 * DAYS)),
        (NOW - DAYS, None, (NOW - DAYS, NOW)),
        (day(1), day(1) + 90 * DAYS, (day(1), day(1) + 90 * DAYS)),
    ],
)
def test_a_list_reaches_ninety_days(start, end, expected):
    assert span(start, end, NOW) == expected


@pytest.mark.parametrize(
    ("start", "end", "rule"),
    [(day(2), day(1), "span_order"), (day(1), day(1) + 91 * DAYS, "span_long")],
)
def test_longer_or_backwards_is_refused(start, end, rule):
    with pytest.raises(GeoReportFault) as refused:
        span(start, end, NOW)
    assert refused.value.rule == rule


@pytest.mark.parametrize("text", ["2026-07-01T00:00:00Z", "2026-07-01T08:00:00+08:00", "2026-07-01T08:00:00 08:00"])
def test_a_moment_needs_its_zone(text):
    assert parse_moment("start_date", text) == day(1)


@pytest.mark.parametrize("text", ["2026-07-01", "2026-07-01T00:00:00", "2026-07-32T00:00:00Z", "x"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(GeoReportFault) as refused:
        parse_moment("end_date", text)
    assert (refused.value.name, refused.value.rule) == ("end_date", "moment_form")


def test_codes_and_statuses_are_read_and_refused():
    assert parse_service_code("2-06001") == ("2", "06001")
    assert parse_statuses("open, closed") == STAGES[OPEN] | STAGES[CLOSED]
    for text in ("06001", "3-06001", "2-", "2-0600x"):
        with pytest.raises(GeoReportFault):
            parse_service_code(text)
    for text in ("opened", ",", "open,shut"):
        with pytest.raises(GeoReportFault):
            parse_statuses(text)
