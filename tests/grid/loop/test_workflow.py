"""A workflow is data, checked as a whole before it may be used."""

import pytest

from grid.rules.stages import FINAL_STAGES, Stage
from grid.rules.transitions import MOVES, Action
from grid.rules.workflow import (
    DEFAULT_WORKFLOW,
    SPINE,
    WorkflowFault,
    clocked_stages,
    parse_workflow,
    problems,
    reached,
)


def test_the_table_has_all_thirty_six_rows():
    assert {row for move in MOVES.values() for row in move.rows} == set(range(1, 37))


def test_the_shipped_loop_is_sound():
    assert problems(DEFAULT_WORKFLOW) == []
    assert reached(DEFAULT_WORKFLOW) == set(Stage)
    assert clocked_stages(DEFAULT_WORKFLOW) >= set(Stage) - FINAL_STAGES - {Stage.REPORTED}


@pytest.mark.parametrize("action", sorted(SPINE))
def test_no_link_of_the_seven_can_be_switched_off(action):
    with pytest.raises(WorkflowFault, match=f"{action} is one of the seven links"):
        parse_workflow("x", {"off": [action]})


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        ({"off": ["resume"]}, "a suspended case could never be resumed"),
        ({"off": ["dispatch_again"]}, "a returned case could never be dispatched again"),
        ({"off": ["refuse_delay"]}, "an application for delay must be grantable and refusable"),
        ({"off": ["approve_void"]}, "an application for void must be grantable and refusable"),
        ({"off": ["verify_true", "verify_false"]}, "a case at stage 12 can never end"),
    ],
)
def test_a_loop_with_a_dead_state_is_refused(definition, problem):
    with pytest.raises(WorkflowFault, match=problem):
        parse_workflow("x", definition)


def test_what_is_switched_off_is_not_in_the_table():
    off = ["send_verify", "verify_true", "verify_false"]
    assert parse_workflow("x", {"off": off}).moves.keys().isdisjoint(off)


@pytest.mark.parametrize(
    ("definition", "place"),
    [
        ({"of": []}, "of"),
        ({"off": ["fly"]}, "off"),
        ({"off": "verify_true"}, "off"),
        ({"two_level": "yes"}, "two_level"),
        ({"most_delays": -1}, "most_delays"),
        ({"most_delays": True}, "most_delays"),
        ({"rework_clock": "stops"}, "rework_clock"),
        ({"approvals": {"holiday": [["leader"]]}}, "approvals.holiday"),
        ({"approvals": {"void": []}}, "approvals.void"),
        ({"approvals": {"void": [["department"]]}}, "approvals.void"),
        ({"approvals": []}, "approvals"),
        ({"photos": {"fly": 1}}, "photos.fly"),
        ({"photos": {"feed_back": 10}}, "photos.feed_back"),
        ({"self_handle_classes": ["litter"]}, "self_handle_classes"),
        ({"merge_metres": 1.5}, "merge_metres"),
    ],
)
def test_a_fault_names_its_place(definition, place):
    with pytest.raises(WorkflowFault) as fault:
        parse_workflow("x", definition)
    assert [where for where, _text in fault.value.faults] == [place]


def test_a_second_delay_goes_higher():
    assert DEFAULT_WORKFLOW.levels("delay") == (frozenset({"dispatcher", "duty_leader"}),)
    assert DEFAULT_WORKFLOW.levels("delay", earlier=1) == (frozenset({"leader"}),)


def test_two_levels_open_the_district_and_ask_for_two_checks():
    flat, tall = DEFAULT_WORKFLOW, parse_workflow("x", {"two_level": True})
    assert Action.ASSIGN_DISTRICT not in flat.moves
    assert Action.ASSIGN_DISTRICT in tall.moves
    assert (flat.checks_needed, tall.checks_needed) == (1, 2)
