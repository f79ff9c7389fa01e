"""The one door: what each source must bring, what its rule does next, and that one number is one case."""

import uuid
from decimal import Decimal

import pytest

from cityops.foundation.errors import InvalidInput, NotAllowed
from cityops.foundation.models import AuditEvent
from grid.intake.models import Finding, SourceRule
from grid.intake.rules.sources import NextStep
from grid.intake.selectors.sources import source_lines
from grid.intake.services import settings, taking_in
from grid.intake.services.taking_in import Detected, take_in
from grid.models import Case
from grid.services import reporting_hooks
from tests.factories import grid as ground
from tests.factories.people import NINGBO, api_token, bearer, division, person

pytestmark = pytest.mark.django_db
DOOR = "/api/v1/intake/"


@pytest.fixture
def acceptor():
    ground.ready_city()
    ground.class_version()
    return person("acceptor")


def report(source="02", **fields):
    return ground.report(source=source, reporter_type="2", **fields)


def steps(done):
    return list(Case.objects.get(pk=done.registered.rid).steps.order_by("seq").values_list("action", "operator_id"))


def test_a_hotline_report_is_sent_to_be_verified_by_the_system(acceptor):
    done = take_in(acceptor, report("02"))
    assert (done.next_step, done.state) == (NextStep.VERIFY, Case.State.VERIFYING)
    assert steps(done) == [("01", acceptor.pk), ("02", None)]


def test_a_department_report_waits_and_a_superior_one_is_accepted(acceptor):
    assert take_in(acceptor, report("08")).state == Case.State.REPORTED
    done = take_in(acceptor, report("07", urgency=""))
    assert (done.next_step, done.state) == (NextStep.ACCEPT, Case.State.ACCEPTED)
    assert Case.objects.get(pk=done.registered.rid).urgency == Case.Urgency.URGENT


def test_a_leader_report_is_filed_at_once_by_who_may_file(acceptor):
    done = take_in(acceptor, report("06"))
    assert (done.next_step, done.state) == (NextStep.FILE, Case.State.FILED)
    assert steps(done) == [("01", acceptor.pk), ("04", None), ("05", acceptor.pk)]


@pytest.mark.parametrize(
    ("confidence", "state"),
    [(Decimal("0.95"), Case.State.ACCEPTED), (Decimal("0.5"), Case.State.VERIFYING), (None, Case.State.VERIFYING)],
)
def test_a_finding_of_a_camera_is_accepted_where_it_is_sure(acceptor, confidence, state):
    done = take_in(acceptor, report("04", source_no="V1"), detected=Detected("CAM-7", confidence, "litter-3"))
    assert done.state == state
    kept = Finding.objects.get(case_id=done.registered.rid)
    assert (kept.source_no, kept.device, kept.confidence, kept.model_name) == ("V1", "CAM-7", confidence, "litter-3")


def test_the_same_number_is_the_same_case_whoever_sends_it(acceptor):
    first = take_in(acceptor, report("05", source_no="A1"))
    again = take_in(person("monitor"), report("05", source_no="A1", description="别的话"))
    assert (again.registered.rid, again.registered.is_new) == (first.registered.rid, False)
    assert Case.objects.count() == 1
    assert take_in(acceptor, report("05", source_no="A2")).registered.is_new
    assert take_in(acceptor, report("02", source_no="A1")).registered.is_new


def test_a_number_of_another_district_is_refused_and_not_told(acceptor):
    division("330106000000")
    take_in(acceptor, report("05", source_no="A1"))
    with pytest.raises(InvalidInput, match="A1"):
        take_in(person("acceptor", division_code="330106000000"), report("05", source_no="A1"))


@pytest.mark.parametrize(
    ("source", "fields", "wrong"),
    [("04", {}, "source_no"), ("10", {}, "reporter"), ("01", {}, "media")],
)
def test_what_a_source_must_bring_is_asked_for_and_nothing_is_kept(acceptor, source, fields, wrong):
    with pytest.raises(InvalidInput) as refusal:
        take_in(acceptor, report(source, **fields))
    assert [entry["field"] for entry in refusal.value.facts["errors"]] == [wrong]
    assert not Case.objects.exists()


def test_a_petition_with_its_reporter_comes_in_and_who_keeps_reporters_gets_it(acceptor, monkeypatch):
    got = []
    monkeypatch.setattr(reporting_hooks, "KEEPERS", [lambda rid, **contact: got.append((rid, contact["phone"]))])
    done = take_in(acceptor, report("10"), contact={"phone": "0571-1"})
    assert got == [(done.registered.rid, "0571-1")]


def test_roles_that_the_rule_does_not_name_are_turned_away(acceptor):
    with pytest.raises(NotAllowed, match="来源规则"):
        take_in(person("collector"), report("02"))
    assert not Case.objects.exists()


def test_the_same_report_sent_again_moves_nothing(acceptor):
    one = report("02", rid=uuid.uuid4())
    first = take_in(acceptor, one)
    again = take_in(acceptor, one)
    assert (again.registered.is_new, again.state) == (False, Case.State.VERIFYING)
    assert len(steps(first)) == 2


def test_similar_cases_come_with_the_answer(acceptor):
    first = take_in(acceptor, report("08"))
    assert first.similar == []
    found = take_in(acceptor, report("08")).similar
    assert [one.case.case_no for one in found] == [first.registered.case_no]


def test_a_step_that_fails_takes_the_registration_back(acceptor, monkeypatch):
    monkeypatch.setattr(taking_in, "act_by_system", lambda *_a, **_k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        take_in(acceptor, report("02"))
    assert not Case.objects.exists()


def test_the_city_writes_its_own_rule_and_takes_it_back(acceptor):
    officer = person("data_officer")
    settings.change_source(officer, "02", {"verify_first": False, "auto_accept": True})
    assert take_in(acceptor, report("02")).state == Case.State.ACCEPTED
    assert {line.source for line in source_lines() if not line.is_sample} == {"02"}
    settings.reset_source(officer, "02")
    assert not SourceRule.objects.exists()
    told = list(
        AuditEvent.objects.filter(action__startswith="source_rule").order_by("pk").values_list("action", flat=True)
    )
    assert told == ["source_rule.change", "source_rule.reset"]


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"auto_accept": True}, "auto_accept"),
        ({"may_file_directly": True}, "may_file_directly"),
        ({"roles": ["nobody"]}, "roles"),
        ({"min_confidence": Decimal(2)}, "min_confidence"),
        ({"default_urgency": "9"}, "default_urgency"),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(acceptor, values, wrong):
    with pytest.raises(InvalidInput) as refusal:
        settings.change_source(person("data_officer"), "02", values)
    assert [entry["field"] for entry in refusal.value.facts["errors"]] == [wrong]
    assert not SourceRule.objects.exists()


def test_rules_and_reach_are_changed_by_who_is_responsible_for_the_whole_city(acceptor):
    for user in (acceptor, person("data_officer", division_code=NINGBO)):
        with pytest.raises(NotAllowed):
            settings.change_source(user, "02", {"needs_photo": True})
        with pytest.raises(NotAllowed):
            settings.change_reach(user, metres=1, hours=1, with_confusable=False)
    settings.change_reach(person("data_officer"), metres=80, hours=48, with_confusable=False)
    with pytest.raises(InvalidInput):
        settings.change_reach(person("data_officer"), metres=0, hours=48, with_confusable=False)


def body(**fields):
    good = {"class_code": ground.LITTER, "longitude": 120.005, "latitude": 30.005, "description": "x", "address": "y"}
    return {**good, **fields}


def test_a_device_reports_through_the_api_once(acceptor, client):
    token = bearer(api_token(person("monitor", is_integration=True)))
    alarm = body(source="05", source_no="IOT-1", device="D-1", confidence="0.7")
    first = client.post(DOOR, alarm, content_type="application/json", headers=token)
    assert first.status_code == 201, first.content
    assert (first.json()["state"], first.json()["next_step"], first.json()["is_new"]) == ("30", "accept", True)
    again = client.post(DOOR, alarm, content_type="application/json", headers=token).json()
    assert (again["case_no"], again["is_new"]) == (first.json()["case_no"], False)
    assert Case.objects.get().urgency == Case.Urgency.URGENT
    wrong = client.post(DOOR, body(source="04"), content_type="application/json", headers=token)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "source_no")


def test_the_register_page_goes_through_the_door(acceptor, client):
    client.force_login(acceptor)
    form = {
        "class_key": f"2-{ground.LITTER}", "description": "x", "address": "y", "source": "02", "urgency": "3",
        "longitude": "120.005", "latitude": "30.005",
    }  # fmt: skip
    answer = client.post("/desk/register/", form, follow=True)
    assert "已发现场核实" in answer.content.decode()
    assert Case.objects.get().state == Case.State.VERIFYING
    refused = client.post("/desk/register/", {**form, "source": "10"})
    assert (refused.status_code, "须留反映人" in refused.content.decode()) == (422, True)
    named = {**form, "source": "10", "reporter_phone": "0571-87654321"}
    assert client.post("/desk/register/", named).status_code == 302
