"""What counts for what, by table, without a database."""

import pytest

from evaluation.rules import INDICATORS, UnknownIndicator, find_indicator
from grid.rules.counting import CaseFacts, Window, counts_of
from tests.evaluation.cases import at

OCTOBER = Window(at("2026-10-01 00:00"), at("2026-11-01 00:00"))
COHORT = Window(OCTOBER.start, OCTOBER.end, cohort=True)


def facts(**fields) -> CaseFacts:
    times = {key: at(value) for key, value in fields.items() if key.endswith("_at") or key == "close_deadline"}
    return CaseFacts(**{"reported_at": at("2026-09-20 08:00"), "state": "50", **fields, **times})


def counted(window: Window = OCTOBER, **fields) -> set[str]:
    return {code for code, count in counts_of(facts(**fields), window).items() if count}


FILED = {"filed_at": "2026-09-20 09:00"}
NEEDED = {"needed", "needed_with_deadline"}
CLOSED = NEEDED | {"closed", "closed_with_deadline"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, set()),
        ({"filed_at": "2026-10-01 00:00"}, {"filed", "decided"}),
        ({"filed_at": "2026-10-31 23:59"}, {"filed", "decided"}),
        ({"filed_at": "2026-11-01 00:00"}, set()),
        ({"rejected_at": "2026-10-05 09:00", "state": "31"}, {"rejected", "decided"}),
        ({"rejected_at": "2026-10-05 09:00", "filed_at": "2026-10-06 09:00"}, {"filed", "decided"}),
    ],
)
def test_filing_counts_what_was_decided_in_the_period(fields, expected):
    assert counted(**fields) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"close_deadline": "2026-10-10 12:00"}, NEEDED),
        ({"close_deadline": "2026-11-01 00:00"}, set()),
        ({"close_deadline": "2026-11-10 12:00", "closed_at": "2026-10-31 23:00"}, CLOSED | {"on_time"}),
        ({"close_deadline": "2026-10-10 12:00", "closed_at": "2026-10-10 12:00"}, CLOSED | {"on_time"}),
        ({"close_deadline": "2026-10-10 12:00", "closed_at": "2026-10-10 12:01"}, CLOSED),
        # needed by its deadline, closed after the period: not closed in this one
        ({"close_deadline": "2026-10-10 12:00", "closed_at": "2026-11-02 12:00"}, NEEDED),
        # closed before the period, deadline in it: done
        ({"close_deadline": "2026-10-10 12:00", "closed_at": "2026-09-28 12:00"}, CLOSED | {"on_time"}),
        # late from an earlier period, closed in this one
        ({"close_deadline": "2026-09-25 12:00", "closed_at": "2026-10-02 12:00"}, CLOSED),
        # no deadline: closing counts, on time cannot be told
        ({"closed_at": "2026-10-02 12:00"}, {"needed", "closed"}),
        ({"close_deadline": "2026-10-10 12:00", "is_in_grid": False}, NEEDED | {"in_no_grid"}),
    ],
)
def test_a_case_is_needed_by_its_deadline_or_by_its_closing(fields, expected):
    assert counted(**FILED, **fields) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"is_hung": True},
        {"state": "52"},
        {"state": "90"},
        {"state": "91"},
        {"is_void": True},
        {"is_void": True, "closed_at": "2026-10-09 12:00"},
    ],
)
def test_paused_void_and_merged_cases_leave_what_is_needed(fields):
    assert not counted(**{**FILED, "close_deadline": "2026-10-10 12:00", **fields})


def test_a_case_that_was_paused_once_and_is_closed_counts():
    assert "on_time" in counted(
        **FILED, close_deadline="2026-10-10 12:00", closed_at="2026-10-09 12:00", is_hung=True, state="80"
    )


def test_rework_counts_a_case_once():
    done = {**FILED, "disposed_at": "2026-10-09 12:00"}
    assert counted(**done) == {"disposed"}
    assert counts_of(facts(**done, rework_count=3), OCTOBER)["reworked"] == 1


def test_handling_time_runs_from_dispatch_to_disposal_of_closed_cases():
    done = {"dispatched_at": "2026-09-30 10:00", "disposed_at": "2026-09-30 12:30", "closed_at": "2026-10-01 09:00"}
    counts = counts_of(facts(**FILED, **done), OCTOBER)
    assert (counts["handled"], counts["handling_seconds"]) == (1, 9000)
    without = {key: value for key, value in done.items() if key != "dispatched_at"}
    assert counts_of(facts(**FILED, **without), OCTOBER)["handled"] == 0


def test_a_cohort_is_what_was_opened_in_the_period_whenever_it_was_closed():
    opened = {"reported_at": "2026-10-30 09:00", "filed_at": "2026-10-30 10:00", "state": "80"}
    late = {**opened, "close_deadline": "2026-11-05 09:00", "closed_at": "2026-12-20 09:00"}
    assert counted(COHORT, **late) == CLOSED | {"filed", "decided"}
    assert counted(COHORT, **FILED, closed_at="2026-10-03 09:00") == set()
    assert counted(COHORT, **opened) == {"needed", "filed", "decided"}


def test_an_indicator_is_found_by_code_and_by_its_chinese_name():
    assert find_indicator("按期结案率") is find_indicator("on_time_closing_rate")
    with pytest.raises(UnknownIndicator, match="closing_rate"):
        find_indicator("nonsense")


def test_every_input_of_every_indicator_is_counted():
    every = set(counts_of(facts(), OCTOBER))
    assert {i.code for indicator in INDICATORS.values() for i in indicator.inputs} <= every
