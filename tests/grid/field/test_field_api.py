"""The API and the page of the phone: own tasks, own queue, classes to carry, what is public of the app."""

import json
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from cityops.foundation.models import AuditEvent
from grid.field.models import FieldAction
from grid.field.selectors.tasks import tasks_for
from grid.field.web.pages import SHELL_FILES
from grid.models import Case
from grid.services.cases import act
from sync.standard.models import DisposalRule
from tests.factories import grid as ground
from tests.factories.people import api_token, bearer, organisation, person
from tests.factories.photos import photo
from tests.permissions.visits import entered

pytestmark = [pytest.mark.usefixtures("town"), pytest.mark.django_db]


@pytest.fixture
def phone(collector):
    return entered(collector)


def shot(phone):
    media_id = str(uuid.uuid4())
    form = {"photo": SimpleUploadedFile("photo.jpg", photo()), "media_id": media_id, "usage": "report"}
    assert phone.post(reverse("api:media-new"), form).status_code == 201
    return media_id


def reporting(**more):
    inputs = {"class_key": "2-06001", "longitude": ground.WEST + 0.005, "latitude": ground.SOUTH + 0.005}
    return {
        "action_id": str(uuid.uuid4()),
        "kind": "report",
        "claimed_at": timezone.now().isoformat(),
        "inputs": inputs,
        **more,
    }


def send(phone, *actions, **more):
    body = json.dumps({"actions": actions, **more})
    return phone.post(reverse("api:field-actions"), body, content_type="application/json")


def with_department(desk, department):
    case = ground.registered()
    act(desk, case, "accept")
    act(desk, case, "file", rule=DisposalRule.objects.get().pk)
    return act(desk, case, "dispatch", duty_org=department.org_code)


def test_each_of_a_batch_has_its_own_answer(phone):
    good, bad = (
        reporting(media=[shot(phone)]),
        reporting(kind="verify_true", case_no="330100209901010000000001", inputs={}),
    )
    answers = send(phone, good, bad, phone_now=timezone.now().isoformat()).json()["answers"]
    assert [one["outcome"] for one in answers] == ["done", "conflict"]
    assert answers[0]["case_no"] == Case.objects.get().case_no
    assert "没有案件" in answers[1]["reason"]
    assert send(phone, good).json()["answers"][0] == answers[0]
    assert Case.objects.count() == 1


def test_the_queue_of_one_person_is_not_sent_by_another(phone, collector):
    answer = send(phone, reporting(), person=collector.pk + 1)
    assert (answer.status_code, answer.json()["code"]) == (403, "other_person")
    assert Case.objects.count() == 0
    assert send(phone, reporting(media=[shot(phone)]), person=collector.pk).status_code == 200
    assert Case.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "close"}, {"action_id": "7"}, {"claimed_at": "yesterday"}, {"at": "2026-01-01T00:00:00Z"},
     {"spot": {"longitude": 999, "latitude": 0}}],
)  # fmt: skip
def test_an_envelope_that_is_none_is_refused_as_a_whole(phone, wrong):
    assert send(phone, reporting(), reporting(**wrong)).status_code == 400
    assert Case.objects.count() == 0


def test_no_more_than_fifty_at_once(phone):
    assert send(phone, *[reporting() for _ in range(51)]).status_code == 400
    assert Case.objects.count() == 0


def test_photo_then_report_as_a_phone_sends_them(phone, photos_are_asked_for):
    media_id = str(uuid.uuid4())
    form = {"photo": SimpleUploadedFile("photo.jpg", photo()), "media_id": media_id, "usage": "report"}
    report = reporting(media=[media_id])
    assert send(phone, report).json()["answers"][0]["missing"] == [media_id]
    assert phone.post(reverse("api:media-new"), form).status_code == 201
    assert send(phone, report).json()["answers"][0]["outcome"] == "done"
    assert str(Case.objects.get().media.get().pk) == media_id


def test_how_far_the_clock_of_the_phone_is_off_is_kept(phone):
    ahead = timezone.now() + timezone.timedelta(minutes=20)
    send(phone, reporting(), phone_now=ahead.isoformat())
    row = FieldAction.objects.get()
    assert 1190 < row.clock_ahead_seconds < 1210
    assert row.is_clock_off


def test_a_person_reads_the_own_actions_alone(phone):
    send(phone, reporting())
    assert len(phone.get(reverse("api:field-actions")).json()["results"]) == 1
    assert entered(person("collector")).get(reverse("api:field-actions")).json()["results"] == []


def test_a_collector_gets_the_own_tasks_and_those_of_nobody(phone, collector, desk):
    mine, anybody, others = (ground.registered() for _ in range(3))
    act(desk, mine, "send_verify", assignee=collector.username)
    act(desk, anybody, "send_verify")
    act(desk, others, "send_verify", assignee=person("collector").username)
    tasks = phone.get(reverse("api:field-tasks")).json()["tasks"]
    assert {(one["case_no"], one["is_own"]) for one in tasks} == {(mine.case_no, True), (anybody.case_no, False)}
    assert [move["action"] for move in tasks[0]["moves"]] == ["verify_true", "verify_false"]
    assert (tasks[0]["seen_step"], tasks[0]["longitude"]) == (2, ground.WEST + 0.005)


def test_a_department_gets_its_own_cases_with_what_it_may_do(desk):
    department = organisation(name="测试环卫所")
    case = with_department(desk, department)
    with_department(desk, organisation())
    (task,) = tasks_for(person("department", organisation=department))
    assert (task.kind, task.case, task.seen_step) == ("handle", case, 4)
    assert {move.action for move in task.moves} >= {"sign", "apply_return", "apply_delay"}


def test_tasks_cost_the_same_number_of_queries_however_many(phone, collector, desk, django_assert_max_num_queries):
    for _ in range(6):
        act(desk, ground.registered(), "send_verify")
    tasks_for(collector)
    with django_assert_max_num_queries(12):
        assert len(tasks_for(collector)) == 6


def test_classes_carry_their_spelling_and_what_is_reported_most(phone):
    ground.class_entry("01001", kind="1", name="上水井盖")
    send(phone, reporting(media=[shot(phone)]))
    rows = phone.get(reverse("api:field-classes")).json()
    assert [(one["key"], one["initials"], one["rank"], one["may_self_handle"]) for one in rows] == [
        ("2-06001", "bllj", 0, True),
        ("1-01001", "ssjg", None, False),
    ]


def test_the_session_says_whose_it_is_and_is_never_kept(phone, collector):
    answer = phone.get(reverse("api:field-session"))
    assert answer.json()["person"] == collector.pk
    assert answer["Cache-Control"] == "no-store"


def test_a_token_without_the_scope_writes_nothing(collector):
    token = bearer(api_token(collector, scopes=("read",)))
    from django.test import Client

    answer = Client().post(
        reverse("api:field-actions"), {"actions": [reporting()]}, content_type="application/json", headers=token
    )
    assert answer.status_code == 403
    assert Case.objects.count() == 0


def test_without_scripts_the_page_lists_tasks_and_leads_to_the_form(phone, desk):
    case = ground.registered()
    act(desk, case, "send_verify")
    page = phone.get(reverse("field")).content.decode()
    assert reverse("case-detail", args=[case.case_no]) in page
    assert reverse("case-register") in page


def test_who_handles_gets_no_form_of_reports(desk):
    page = entered(person("department", organisation=organisation())).get(reverse("field")).content.decode()
    assert 'id="view-report"' not in page


def test_the_worker_lies_below_the_scope_and_names_every_file(client):
    answer = client.get(reverse("field-worker"))
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Cache-Control"] == "no-cache"
    assert all(name in answer.content.decode() for name in SHELL_FILES)
    assert client.get(reverse("field-manifest")).json()["scope"] == reverse("field")


def test_the_page_of_a_case_tells_what_the_phone_claimed(phone, desk):
    spot = {"longitude": ground.WEST + 0.005, "latitude": ground.SOUTH + 0.005, "accuracy_m": 7}
    earlier = (timezone.now() - timezone.timedelta(days=2)).isoformat()
    send(phone, reporting(media=[shot(phone)], spot=spot, claimed_at=earlier))
    page = entered(desk).get(reverse("case-detail", args=[Case.objects.get().case_no])).content.decode()
    assert "定位精度 ± 7 米" in page
    assert "超过 24 小时才收到" in page


def test_taking_an_action_is_in_the_audit_trail(phone, collector):
    send(phone, reporting())
    assert AuditEvent.objects.get(action="field.take").user_id == collector.pk
