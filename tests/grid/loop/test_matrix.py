"""Every (stage, sub-state, action, role) that the table does not have is refused, and leaves no trace in the case."""

import datetime as dt

import pytest
from django.utils import timezone

from cityops.accounts.permissions import all_permissions
from cityops.accounts.roles import ROLES
from cityops.foundation.errors import NotAllowed, NotThere, Refused
from grid.models import Case, CaseApplication
from grid.rules.stages import Stage
from grid.rules.transitions import MOVES, UNDECIDED, Action, Pending, can_move
from grid.services.cases import act
from tests.factories import grid as ground
from tests.factories.people import organisation, person

ACTIONS = sorted(set(Action) - {Action.REPORT})
CITY_ROLES = [role.code for role in ROLES if "municipal" in role.tiers]
HOLDERS = {permission.codename: set(permission.roles) for permission in all_permissions()}
SUBSTATES = [(stage, Pending.NONE) for stage in Stage] + [
    (stage, move.applies) for move in MOVES.values() if move.applies for stage in move.from_stages
]


def table_has(stage, pending, action, role):
    return can_move(stage, action, pending) and role in HOLDERS[MOVES[action].permission]


@pytest.fixture
def department():
    ground.ready_city()
    return organisation("CZ0000000000000001")


def stand(stage, pending, department):
    """A case that stands at a stage and sub-state."""
    case = ground.stored_case(state=stage, duty_org=department.org_code, pending=pending, closed_at=timezone.now())
    if pending:
        CaseApplication.objects.create(
            case=case, kind=pending, reason="理由", applied_at=timezone.now(), from_state=stage
        )
    return case


@pytest.mark.django_db
@pytest.mark.parametrize("role", CITY_ROLES)
def test_what_the_table_does_not_have_is_refused_to_every_role(role, department):
    user = person(role, organisation=department if role == "department" else None)
    main = ground.stored_case()
    fields = {
        "opinion": "意见",
        "reason": "01",
        "duty_org": department.org_code,
        "rule": None,
        "main_case": main.case_no,
        "why": "season",
        "until": timezone.localdate() + dt.timedelta(days=9),
        "due_at": timezone.now() + dt.timedelta(days=1),
        "satisfaction": "5",
    }
    cases = {(stage, pending): stand(stage, pending, department) for stage, pending in SUBSTATES}
    before = {case.pk: Case.objects.filter(pk=case.pk).values().get() for case in cases.values()}
    refused = 0
    for (stage, pending), case in cases.items():
        for action in ACTIONS:
            if table_has(stage, pending, action, role):
                continue
            move = MOVES[action]
            with pytest.raises((NotAllowed, Refused, NotThere)):
                act(user, case, action, **{name: fields[name] for name in move.inputs})
            refused += 1
    assert refused > len(cases) * len(ACTIONS) / 2
    assert {pk: Case.objects.filter(pk=pk).values().get() for pk in before} == before
    assert not any(case.steps.exists() for case in cases.values())


def test_every_stage_and_substate_has_somebody_who_can_move_it():
    for stage, pending in SUBSTATES:
        roles = {role for role in CITY_ROLES for action in ACTIONS if table_has(stage, pending, action, role)}
        assert roles or stage in {Stage.MERGED, Stage.VOIDED}


def test_every_application_is_decided_by_others_than_those_who_make_it():
    for pending in UNDECIDED:
        makers = {role for move in MOVES.values() if move.applies == pending for role in HOLDERS[move.permission]}
        for move in MOVES.values():
            if move.decides == pending and pending != Pending.VOID:
                assert not makers & HOLDERS[move.permission]


def test_whoever_handles_a_case_neither_checks_nor_closes_it_by_role():
    handlers = HOLDERS[MOVES[Action.FEED_BACK].permission]
    for action in (Action.PASS_CHECK, Action.FAIL_CHECK, Action.CLOSE, Action.VERIFY_TRUE, Action.FORCE_CLOSE):
        assert not handlers & HOLDERS[MOVES[action].permission]
