"""A superior supervises a city's case: issued, taken up, answered, heard; taken back; refused in words."""

import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from cityops.accounts.models import Organisation
from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere, Refused
from cityops.foundation.models import AuditEvent
from grid.models import Case, CaseSupervision
from grid.oversight.models import SupervisionAction, SupervisionTask
from grid.oversight.rules.numbers import following
from grid.oversight.services.hearing import hear
from grid.oversight.services.issuing import issue, withdraw
from grid.oversight.services.taking import take_up, tell_answers
from grid.services.cases import act
from tests.factories import grid as ground
from tests.factories.people import HANGZHOU, NINGBO, ZHEJIANG, api_token, bearer, division, organisation, person
from tiers.models import Node

pytestmark = pytest.mark.django_db
CITY, PROVINCE = "330100000000-C", "330000000000-P"
NO = "330100202601010000000009"


def due(hours: float = 24) -> dt.datetime:
    return timezone.now() + dt.timedelta(hours=hours)


@pytest.fixture
def province(as_tier):
    """The province with a case of 杭州, which is joined."""
    as_tier("provincial")
    division(HANGZHOU, name="杭州市")
    Node.objects.create(
        node_code=CITY, tier="3", division_code=HANGZHOU, platform_name="杭州", base_url="http://127.0.0.1",
        std_version="1", status="03", origin_code=CITY,
    )  # fmt: skip
    return ground.stored_case(case_no=NO, state="50", origin_code=CITY)


@pytest.fixture
def supervisor(province):
    return person("supervisor", division_code=ZHEJIANG)


def task_at_city(**fields) -> SupervisionTask:
    """A supervision as it comes down to 杭州."""
    good = {
        "task_no": "330000DB202601010001", "title": "督办", "source_ref": NO, "issuer_node": "330000000000",
        "content": "请限期处置", "targets": [CITY], "sign_deadline": due(), "deadline": due(), "urgency": "3",
        "issued_at": timezone.now(), "origin_code": PROVINCE,
    }  # fmt: skip
    return SupervisionTask.objects.create(**{**good, **fields})


@pytest.fixture
def own_case(as_tier):
    as_tier("municipal")
    ground.ready_city()
    department = organisation("HANDLES00000000001", name="测试环卫所")
    now = timezone.now()
    return ground.stored_case(case_no=NO, state="50", origin_code=CITY, dispatched_at=now, duty_org=department.org_code)


def worker():
    """Somebody of the department that handles it."""
    return person("department", organisation=Organisation.objects.get(org_code="HANDLES00000000001"))


def test_numbers_follow_each_other_until_the_day_is_used_up():
    assert following("", "330000DB20260101") == "330000DB202601010001"
    assert following("330000DB202601010009", "330000DB20260101") == "330000DB202601010010"
    with pytest.raises(ValueError, match="no number left"):
        following("330000DB202601019999", "330000DB20260101")


def test_a_supervisor_issues_and_the_trail_tells(supervisor, province):
    task = issue(supervisor, NO, opinion=" 请限期处置 ", due_at=due())
    assert (task.content, task.targets, task.state, task.division_code) == ("请限期处置", [CITY], "01", HANGZHOU)
    assert task.task_no.startswith("330000DB")
    assert task.sign_deadline <= task.deadline
    assert AuditEvent.objects.get(action="supervision.issue").reason == "请限期处置"


@pytest.mark.parametrize(
    ("change", "given", "refusal"),
    [
        ({}, {"case_no": "330100202601010000000777"}, (NotThere, "本级没有案件")),
        ({"state": "80", "closed_at": timezone.now()}, {}, (Refused, "已结束的案件不能督办")),
        ({"origin_code": PROVINCE}, {}, (Refused, "由本级办理")),
        ({"origin_code": "330200000000-C"}, {}, (Refused, "尚未联网")),
        ({}, {"opinion": "  "}, (InvalidInput, "请写明督办意见")),
        ({}, {"due_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, (InvalidInput, "现在之后")),
        ({}, {"task_type": "77"}, (InvalidInput, "督办类型")),
    ],
)
def test_what_cannot_be_is_refused_in_words(supervisor, province, change, given, refusal):
    Case.objects.filter(pk=province.pk).update(**change)
    inputs = {"case_no": NO, "opinion": "请处置", "due_at": due(), **given}
    with pytest.raises(refusal[0], match=refusal[1]):
        issue(supervisor, inputs.pop("case_no"), **inputs)
    assert not SupervisionTask.objects.exists()


def test_a_second_supervision_waits_for_the_answer_to_the_first(supervisor, province):
    first = issue(supervisor, NO, opinion="一", due_at=due())
    with pytest.raises(Refused, match=first.task_no):
        issue(supervisor, NO, opinion="二", due_at=due())
    withdraw(supervisor, first.task_no, reason="重复")
    assert issue(supervisor, NO, opinion="二", due_at=due()).task_no > first.task_no


def test_only_who_may_and_only_in_the_own_region(province):
    with pytest.raises(NotAllowed):
        issue(person("analyst", division_code=ZHEJIANG), NO, opinion="一", due_at=due())
    with pytest.raises(NotThere):
        issue(person("supervisor", division_code=NINGBO), NO, opinion="一", due_at=due())


def test_the_city_takes_it_up_once_and_answers(own_case):
    task = task_at_city()
    assert (take_up(), take_up()) == (1, 0)
    row = CaseSupervision.objects.get()
    assert (row.source, row.task_no, row.issued_node, row.due_at) == ("superior", task.task_no, PROVINCE, task.deadline)
    own_case.refresh_from_db()
    assert (own_case.is_supervised, own_case.steps.get().action, own_case.steps.get().opinion) == (
        "1", "21", "请限期处置",
    )  # fmt: skip
    assert [(one.action, one.task_no) for one in SupervisionAction.objects.all()] == [("02", task.task_no)]
    act(worker(), own_case, "answer_supervision", opinion="已派人")
    assert (tell_answers(), tell_answers()) == (1, 0)
    told = SupervisionAction.objects.get(action="04")
    assert (told.content, told.progress, told.origin_code, told.is_replica) == ("已派人", 100, CITY, False)


@pytest.mark.parametrize(
    ("change", "text"), [({"case_no": "other"}, "本市没有案件"), ({"state": "80"}, "已结案")]
)  # fmt: skip
def test_what_the_city_cannot_take_up_is_sent_back_with_the_reason(own_case, change, text):
    Case.objects.filter(pk=own_case.pk).update(**change)
    task_at_city()
    take_up()
    told = SupervisionAction.objects.get()
    assert told.action == "10"
    assert text in told.content
    assert not CaseSupervision.objects.exists()


def test_withdrawn_it_waits_for_no_answer(own_case):
    task = task_at_city()
    take_up()
    SupervisionTask.objects.filter(pk=task.pk).update(
        state="08", closed_at=timezone.now(), content="请处置\n撤销原因:重复"
    )
    take_up()
    row = CaseSupervision.objects.get()
    assert (row.is_open, row.withdrawn_at is None, "重复" in row.opinion) == (False, False, True)
    with pytest.raises(Refused, match="没有待答复的督办"):
        act(worker(), own_case, "answer_supervision", opinion="已派人")
    assert AuditEvent.objects.filter(action="supervision.withdrawn").count() == 1


def test_one_for_another_city_is_none_of_ours(own_case):
    task_at_city(targets=["330200000000-C"])
    assert take_up() == 0


def told(task: SupervisionTask, action: str, *, origin: str = CITY, content: str = "已处置") -> None:
    SupervisionAction.objects.create(
        action_id=uuid.uuid4().hex, task_no=task.task_no, node_code=origin[:12], action=action, content=content,
        acted_at=timezone.now(), origin_code=origin,
    )  # fmt: skip


@pytest.mark.parametrize(("actions", "state"), [(("02",), "03"), (("02", "04"), "06"), (("10",), "08")])
def test_the_superior_hears_what_the_city_did(supervisor, province, actions, state):
    task = issue(supervisor, NO, opinion="一", due_at=due())
    for action in actions:
        told(task, action)
    assert (hear(), hear()) == (1, 0)
    task.refresh_from_db()
    assert (task.state, task.closed_at is None) == (state, state == "03")


def test_late_are_those_without_an_answer_in_time_but_none_that_was_taken_back(as_tier):
    as_tier("provincial")
    passed = {"deadline": due(-2), "origin_code": PROVINCE}
    task_at_city(task_no="waits", **passed)
    task_at_city(task_no="answered late", state="06", closed_at=due(-1), **passed)
    task_at_city(task_no="answered in time", state="06", closed_at=due(-3), **passed)
    task_at_city(task_no="taken back", state="08", closed_at=due(-1), **passed)
    assert set(SupervisionTask.objects.overdue().values_list("task_no", flat=True)) == {"waits", "answered late"}


def test_another_city_cannot_answer_in_its_place(supervisor, province):
    task = issue(supervisor, NO, opinion="一", due_at=due())
    told(task, "04", origin="330200000000-C")
    assert hear() == 0


def test_an_answered_one_cannot_be_taken_back(supervisor, province):
    task = issue(supervisor, NO, opinion="一", due_at=due())
    told(task, "04")
    hear()
    with pytest.raises(Refused, match="已经办结"):
        withdraw(supervisor, task.task_no, reason="重复")


def test_pages_lead_from_the_case_to_the_answer(client, supervisor, province):
    client.force_login(supervisor)
    case_page = client.get(reverse("case-detail", args=[NO])).content.decode()
    assert reverse("oversight-new") + f"?case={NO}" in case_page
    assert NO in client.get(reverse("oversight-new"), {"case": NO}).content.decode()
    wrong = client.post(reverse("oversight-new"), {"case_no": "1", "opinion": "x", "due_at": "2099-01-01T00:00"})
    assert wrong.status_code == 400
    at = timezone.localtime(due()).strftime("%Y-%m-%dT%H:%M")
    form = {"case_no": NO, "opinion": "请限期处置", "due_at": at, "task_type": "04"}
    task_page = client.post(reverse("oversight-new"), form).url
    task = SupervisionTask.objects.get()
    told(task, "04", content="已清理完毕")
    assert "已清理完毕" in client.get(task_page).content.decode()
    for view in ("", "open"):
        assert "请限期处置" in client.get(reverse("oversight-list"), {"view": view}).content.decode()
    assert "请限期处置" not in client.get(reverse("oversight-list"), {"view": "overdue"}).content.decode()
    SupervisionTask.objects.update(deadline=due(-1))
    assert "超时" in client.get(reverse("oversight-list"), {"view": "overdue"}).content.decode()
    assert task.task_no in client.get(reverse("case-detail", args=[NO])).content.decode()
    exported = b"".join(client.get(reverse("oversight-export"), {"format": "csv"}).streaming_content).decode(
        "utf-8-sig"
    )
    assert "请限期处置" in exported
    taken = client.post(reverse("oversight-withdraw", args=[task.task_no]), {"reason": ""})
    assert taken.status_code == 400
    client.post(reverse("oversight-withdraw", args=[task.task_no]), {"reason": "发错城市"})
    assert "发错城市" in client.get(task_page).content.decode()


def test_the_city_sees_who_asks_on_the_case_and_in_the_ledger(client, own_case):
    task = task_at_city(deadline=due(1))
    take_up()
    CaseSupervision.objects.update(due_at=due(-1))
    client.force_login(person("dispatcher"))
    for page in (reverse("case-detail", args=[NO]), reverse("supervision-list")):
        text = client.get(page).content.decode()
        assert task.task_no in text
        assert "超时" in text


def test_the_api_lists_issues_and_takes_back(client, supervisor, province):
    person_of_api = person("supervisor", division_code=ZHEJIANG, is_integration=True)
    head = bearer(api_token(person_of_api))
    body = {"case_no": NO, "opinion": "请处置", "due_at": due().isoformat()}
    made = client.post("/api/v1/supervisions/", body, "application/json", headers=head)
    assert (made.status_code, made.json()["state"], made.json()["target"]) == (201, "01", CITY)
    again = client.post("/api/v1/supervisions/", body, "application/json", headers=head)
    assert again.status_code == 409
    number = made.json()["task_no"]
    assert [one["task_no"] for one in client.get("/api/v1/supervisions/", headers=head).json()["results"]] == [number]
    told(SupervisionTask.objects.get(), "02")
    one = client.get(f"/api/v1/supervisions/{number}/", headers=head).json()
    assert [action["action"] for action in one["actions"]] == ["02"]
    end = f"/api/v1/supervisions/{number}/withdraw/"
    assert client.post(end, {"reason": ""}, "application/json", headers=head).status_code == 400
    assert client.post(end, {"reason": "重复"}, "application/json", headers=head).json()["state"] == "08"
    other = bearer(api_token(person("supervisor", division_code=NINGBO, is_integration=True)))
    assert client.get(f"/api/v1/supervisions/{number}/", headers=other).status_code == 404
