"""Two at once: the same report twice, two departments, a repeated click and what only looks like one."""

import threading
import uuid

import pytest
from django.db import connections

from cityops.accounts.models import Organisation
from cityops.foundation.errors import NotAllowed, NotThere, Refused
from cityops.foundation.models import AuditEvent
from grid.models import Case
from grid.rules.stages import Stage
from grid.rules.transitions import BY_DEPARTMENT, Action
from grid.selectors.moves import open_moves
from grid.services.cases import act, register
from sync.standard.models import DisposalRule
from tests.factories import grid as ground
from tests.factories.people import organisation
from tests.grid.test_case_services import everyone, staff, walk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _ready():
    ground.ready_city()


@pytest.fixture
def department():
    return organisation("CZ0000000000000001", name="环卫所")


@pytest.mark.django_db(transaction=True)
def test_a_report_that_comes_twice_at_the_same_moment_is_one_case():
    user, rid, together, answers = staff("collector"), uuid.uuid4(), threading.Barrier(2), []

    def send():
        together.wait()
        try:
            answers.append(register(user, ground.report(rid=rid)))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.is_new for answer in answers) == [False, True]
    assert len({answer.case_no for answer in answers}) == 1
    assert AuditEvent.objects.filter(action="case.report").count() == 1


@pytest.mark.parametrize("roles", [("department",), ("department", "collector")])
def test_only_the_department_that_has_the_case_handles_it(department, roles):
    case = walk(ground.registered(), department, until=Action.DISPATCH)
    other = staff(*roles, organisation=organisation("CZ0000000000000002"))
    for action, fields in (("sign", {}), ("apply_return", {"opinion": "不属本单位"})):
        with pytest.raises((NotAllowed, NotThere)):
            act(other, case, action, **fields)
    assert {move.action for move in open_moves(other, case, case.steps.all())}.isdisjoint(BY_DEPARTMENT)
    above = staff(*roles, organisation=organisation("CZ0000000000000003"))
    Organisation.objects.filter(pk=department.pk).update(parent_code="CZ0000000000000003")
    assert act(above, case, "sign").state == Stage.HANDLING


def test_who_handles_without_an_organisation_is_told_whose_the_case_is(department):
    case = walk(ground.registered(), department, until=Action.SIGN)
    robot = staff("department", "dispatcher", is_integration=True)
    with pytest.raises(NotAllowed, match=department.org_code):
        act(robot, case, "feed_back", opinion="已清理")
    assert {move.action for move in open_moves(robot, case, case.steps.all())} == {Action.APPLY_VOID, Action.URGE}


def test_a_dispatch_to_another_department_is_no_repeat(department):
    user, other = everyone(), organisation("CZ0000000000000002")
    case = walk(ground.registered(), department, until=Action.FILE)
    case = act(user, case, "dispatch", duty_org=department.org_code, version=3)
    assert act(user, case, "dispatch", duty_org=department.org_code, version=3).version == 4
    for version in (3, None):
        with pytest.raises(Refused):
            act(user, case, "dispatch", duty_org=other.org_code, version=version)
    with pytest.raises(Refused):
        act(user, case, "dispatch", duty_org=department.org_code, opinion="加急")
    assert Case.objects.get().duty_org == department.org_code


def test_filing_again_under_the_same_rule_or_none_is_a_repeat():
    user, urgent = everyone(), ground.disposal_rule(number=2, value="1")
    case = act(user, ground.registered(), "accept")
    case = act(user, case, "file", rule=urgent.pk)
    assert act(user, case, "file", rule=urgent.pk).version == 3
    assert act(user, case, "file").version == 3
    with pytest.raises(Refused):
        act(user, case, "file", rule=DisposalRule.objects.get(condition_no=1).pk)
