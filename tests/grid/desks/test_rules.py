"""Rules of the desks by table: every stage is on a desk, keys do not meet, reasons are the right ones."""

import pytest

from grid.desks.rules.conflicts import differences
from grid.desks.rules.desks import DESKS, KEYS, desks_of
from grid.desks.rules.why import Why, why_not
from grid.rules.actions import Pending
from grid.rules.stages import OPEN_STAGES, Stage
from grid.rules.transitions import MOVES, Action

STREET_WORK = {Stage.CHECKING}
"""Stages whose work is done on the street, not at a desk."""


def test_every_open_stage_waits_on_some_desk():
    shown = {branch.stage for desk in DESKS.values() for tab in desk.tabs for branch in tab.branches}
    assert {Stage(code) for code in OPEN_STAGES} - shown == STREET_WORK


def test_every_application_is_decided_at_some_desk():
    shown = {branch.pending for desk in DESKS.values() for tab in desk.tabs for branch in tab.branches}
    assert set(Pending) - {Pending.NONE} <= shown


@pytest.mark.parametrize("desk", DESKS.values(), ids=lambda desk: desk.key)
@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("pending", Pending)
def test_no_two_steps_that_can_be_open_at_once_share_a_key(desk, stage, pending):
    able = [move for move in MOVES.values() if stage in move.from_stages and pending in move.in_pending]
    keys = [KEYS[move.action] for move in able if move.action in desk.actions and move.action in KEYS]
    assert len(keys) == len(set(keys))


def test_keys_of_the_desk_itself_and_browser_are_left_alone():
    assert not set(KEYS.values()) & set("jk/?0123456789")


def test_what_is_done_in_bulk_is_done_at_the_desk():
    assert all(set(desk.bulk) <= set(desk.actions) for desk in DESKS.values())


@pytest.mark.parametrize(
    ("permissions", "keys"),
    [
        (set(), []),
        ({"grid.accept_case"}, ["acceptor"]),
        ({"grid.supervise_case", "grid.review_case", "grid.accept_case"}, ["acceptor", "duty_leader", "supervision"]),
    ],
)
def test_a_person_has_the_desks_of_the_own_permissions(permissions, keys):
    assert [desk.key for desk in desks_of(permissions)] == keys


@pytest.mark.parametrize(
    ("action", "stage", "pending", "able", "why"),
    [
        (Action.DISPATCH, Stage.ACCEPTED, "", (True, True), Why.STAGE),
        (Action.DISPATCH, Stage.FILED, "void", (True, True), Why.WAITING),
        (Action.APPROVE_DELAY, Stage.HANDLING, "", (True, True), Why.NOTHING_WAITS),
        (Action.DISPATCH, Stage.FILED, "", (True, False), Why.PERMISSION),
        (Action.DISPATCH, Stage.FILED, "", (False, True), Why.OFF),
        (Action.CLOSE, Stage.TO_CLOSE, "", (True, True), Why.CONDITION),
    ],
)
def test_a_step_that_is_not_open_has_its_reason(action, stage, pending, able, why):
    is_on, is_permitted = able
    assert why_not(MOVES[action], stage=stage, pending=pending, is_on=is_on, is_permitted=is_permitted) is why


def test_differences_are_what_others_changed_and_what_one_writes():
    seen = {"address": "甲路", "state": "已上报", "description": "旧"}
    now = {"address": "乙路", "state": "已上报", "description": "旧"}
    rows = differences(seen, {"address": "丙路", "description": "新"}, now)
    assert [(row.name, row.seen, row.yours, row.now, row.is_contested) for row in rows] == [
        ("address", "甲路", "丙路", "乙路", True),
        ("description", "旧", "新", "旧", False),
    ]


def test_nothing_differs_where_nothing_was_changed():
    facts = {"address": "甲路", "state": "已上报"}
    assert differences(facts, {}, facts) == []
    assert differences({}, {}, facts) == []
