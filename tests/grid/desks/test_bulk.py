"""Bulk acts: the preview is what would come of each, each case stands for itself, all of it leaves its trail."""

import pytest

from cityops.foundation.errors import InvalidInput
from cityops.foundation.models import AuditEvent
from grid.desks.services import bulk
from grid.models import Case, CaseStep
from grid.services.cases import act
from tests.factories import grid as ground
from tests.factories.people import api_token, bearer, organisation, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def town():
    ground.ready_city()
    organisation("CZ0001", name="测试环卫所")


@pytest.fixture
def acceptor():
    return person("acceptor")


def wishes(*cases):
    return [bulk.Wish(case.case_no, case.version) for case in cases]


def test_a_preview_says_what_would_come_and_writes_nothing(acceptor):
    good, done = ground.registered(), ground.registered(address="别处")
    act(acceptor, done, "accept")
    steps, trail = CaseStep.objects.count(), AuditEvent.objects.count()
    first, second = bulk.preview(acceptor, "accept", wishes(good, Case.objects.get(pk=done.pk)), {})
    assert (first.is_done, first.state) == (True, "待立案")
    assert first.due is not None
    assert not second.is_done or second.state == "待立案"
    assert (CaseStep.objects.count(), AuditEvent.objects.count()) == (steps, trail)
    assert Case.objects.get(pk=good.pk).state == "10"


def test_what_is_refused_with_one_does_not_hold_up_the_others(acceptor):
    good, stale, gone = (ground.registered(address=f"第{n}处") for n in range(3))
    act(person("acceptor"), stale, "correct", description="改过", opinion="核对")
    act(person("acceptor"), gone, "reject", reason="01")
    outcomes = bulk.carry_out(acceptor, "accept", wishes(good, stale, gone), {})
    assert [one.is_done for one in outcomes] == [True, False, False]
    assert "已被他人办理" in outcomes[1].why
    assert [Case.objects.get(pk=case.pk).state for case in (good, stale, gone)] == ["30", "10", "31"]
    assert AuditEvent.objects.filter(action="case.accept").count() == 1


def test_ten_are_dispatched_to_the_suggested_department_with_the_reason(acceptor):
    cases = [ground.registered(address=f"第{n}处") for n in range(10)]
    for case in cases:
        act(acceptor, case, "accept")
        act(acceptor, case, "file", rule="")
    from grid.intake.models import DutyRule

    DutyRule.objects.create(class_code="06", org_code="CZ0001", valid_from="2026-01-01", source="test")
    dispatcher = person("dispatcher")
    seen = bulk.preview(dispatcher, "dispatch", [bulk.Wish(case.case_no) for case in cases], {})
    assert {(one.is_done, one.fields["duty_org"]) for one in seen} == {(True, "CZ0001")}
    assert all("责任表" in one.advice for one in seen)
    sent = [bulk.Wish(one.case_no, None, one.fields) for one in seen]
    assert all(one.is_done for one in bulk.carry_out(dispatcher, "dispatch", sent, {}))
    assert Case.objects.filter(state="45", duty_org="CZ0001").count() == 10


@pytest.mark.parametrize(("action", "count"), [("reject", 1), ("accept", 0), ("accept", 51), ("nonsense", 1)])
def test_what_is_no_bulk_act_is_refused(acceptor, action, count):
    with pytest.raises(InvalidInput):
        bulk.carry_out(acceptor, action, [bulk.Wish(str(number)) for number in range(count)], {})


def test_who_may_not_gets_a_refusal_for_each_and_a_stranger_knows_of_none(acceptor):
    case = ground.registered()
    assert not bulk.carry_out(person("dispatcher"), "accept", wishes(case), {})[0].is_done
    assert (
        "没有这个案件"
        in bulk.carry_out(person("acceptor", division_code="330200000000"), "accept", wishes(case), {})[0].why
    )
    assert Case.objects.get(pk=case.pk).state == "10"


def test_the_page_previews_and_then_acts(client, acceptor):
    case, other = ground.registered(), ground.registered(address="别处")
    client.force_login(acceptor)
    data = {"desk": "acceptor", "action": "accept", "case": [case.case_no, other.case_no], "query": "tab=accept"}
    page = client.post("/desks/bulk/", data).content.decode()
    assert "2 件可以，0 件不可以" in page
    assert Case.objects.filter(state="30").count() == 0
    page = client.post("/desks/bulk/", {**data, "confirm": "1"}).content.decode()
    assert "完成 2 件，未办理 0 件" in page
    assert Case.objects.filter(state="30").count() == 2


def test_the_page_of_a_bulk_act_is_closed_to_who_may_not_make_the_move(client):
    case = ground.registered()
    client.force_login(person("dispatcher"))
    answer = client.post("/desks/bulk/", {"desk": "dispatcher", "action": "accept", "case": [case.case_no]})
    assert answer.status_code == 403


def test_other_systems_try_first_and_act_then(client):
    case = ground.registered()
    headers = bearer(api_token(person("acceptor", is_integration=True)))
    data = {"action": "accept", "cases": [{"case_no": case.case_no, "version": case.version}], "dry_run": True}
    tried = client.post("/api/v1/desks/bulk/", data, content_type="application/json", headers=headers)
    assert tried.json()[0]["is_done"] is True
    assert Case.objects.get(pk=case.pk).state == "10"
    data["dry_run"] = False
    client.post("/api/v1/desks/bulk/", data, content_type="application/json", headers=headers)
    assert Case.objects.get(pk=case.pk).state == "30"
