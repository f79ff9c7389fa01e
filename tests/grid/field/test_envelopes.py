"""The rules of what waits on a phone, by table."""

import datetime as dt

import pytest

from grid.field.models import FieldAction
from grid.field.rules.envelopes import KINDS, Since, is_clock_off, is_late, moved_on
from grid.rules.transitions import MOVES, Action

ME, OTHER = 1, 2
NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ([], False),
        ([Since(ME, "45", "50")], False),
        ([Since(OTHER, "45", "50")], True),
        ([Since(None, "52", "50")], True),
        ([Since(OTHER, "50", "50")], False),
        ([Since(OTHER, "50", "50"), Since(ME, "45", "50"), Since(OTHER, "50", "60")], True),
    ],
)
def test_a_case_moved_on_when_others_changed_its_stage(since, expected):
    assert moved_on(since, by=ME) is expected


@pytest.mark.parametrize(("hours", "expected"), [(0, False), (24, False), (25, True), (-5, False)])
def test_late_is_what_waited_over_a_day(hours, expected):
    assert is_late(NOON - dt.timedelta(hours=hours), NOON) is expected


@pytest.mark.parametrize(("seconds", "expected"), [(None, False), (600, False), (601, True), (-601, True)])
def test_a_clock_is_off_either_way(seconds, expected):
    assert is_clock_off(seconds) is expected


def test_every_kind_is_a_move_and_a_choice():
    assert set(KINDS) == set(FieldAction.Kind.values)
    assert all(Action(kind) in MOVES for kind in KINDS)
