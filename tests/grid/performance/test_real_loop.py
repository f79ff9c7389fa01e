"""A case that the services of the loop carried through is counted where it belongs: no step is written by hand."""

import pytest
from django.utils import timezone

from grid.performance.rules.counts import Target
from grid.performance.selectors.counting import Asked, count, listed
from grid.rules.periods import Kind, period_of
from grid.rules.transitions import Action
from grid.services.cases import act
from tests.factories import grid as ground
from tests.factories.people import organisation, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def carried():
    """One case from report to close, by people of two departments."""
    ground.ready_city()
    department = organisation("CZ0000000000000001", name="环卫所")
    roles = ("collector", "acceptor", "duty_leader", "dispatcher")
    desks = {role: person(role, organisation=organisation()) for role in roles}
    worker = person("department", organisation=department)
    case = ground.registered(desks["collector"])
    for user, action, fields in (
        (desks["acceptor"], Action.ACCEPT, {}),
        (desks["duty_leader"], Action.FILE, {}),
        (desks["dispatcher"], Action.DISPATCH, {"duty_org": department.org_code}),
        (worker, Action.SIGN, {}),
        (worker, Action.FEED_BACK, {"opinion": "已清理"}),
        (desks["acceptor"], Action.SEND_CHECK, {}),
        (desks["collector"], Action.PASS_CHECK, {}),
        (desks["duty_leader"], Action.CLOSE, {}),
    ):
        case = act(user, case, action, **fields)
    return case, {role: user.organisation.org_code for role, user in desks.items()}


def test_every_desk_of_the_loop_was_in_time(carried):
    case, teams = carried
    today = period_of(timezone.localdate(), Kind.DAY)
    found = count(Asked(Target.POST, "3301", None), today)
    assert [found["02"][code] for code in ("need_accept_num", "accept_num", "intime_accept_num")] == [1, 1, 1]
    assert [found["03"][code] for code in ("timed_register_num", "intime_register_num")] == [1, 1]
    assert [found["04"][code] for code in ("need_dispatch_num", "dispatch_num", "intime_dispatch_num")] == [1, 1, 1]
    assert [found["03"][code] for code in ("close_act_num", "timed_close_act_num", "intime_close_act_num")] == [1, 1, 1]
    assert found["01" + teams["collector"]]["report_act_num"] == 1
    department = count(Asked(Target.DEPARTMENT, "3301", None), today)[case.duty_org]
    assert [department[code] for code in ("dispose_num", "intime_dispose_num", "close_num", "intime_close_num")] == [
        1
    ] * 4
    assert [one.pk for one in listed(Asked(Target.AREA, "3301", None, 6), "", today, "close_num")] == [case.pk]
    assert found["01"]["need_check_num"] == found["01"]["intime_check_num"] == 1
