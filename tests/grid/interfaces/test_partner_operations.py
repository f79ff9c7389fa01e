"""What partners ask by REST: each operation is a move of the core, with the partner's own cases only."""

import uuid

import pytest
from django.urls import reverse

from grid.interfaces.models import PartnerCase, WebhookDelivery
from grid.interfaces.services.operating import issue_notice
from grid.interfaces.services.telling import tell, tell_lost
from grid.models import Case
from grid.services.cases import act
from tests.factories.grid import ready_city, registered
from tests.factories.partners import partner
from tests.factories.people import api_token, bearer, organisation, person
from tests.factories.photos import photo

REPORT = {
    "class_code": "06001",
    "longitude": 120.005,
    "latitude": 30.005,
    "description": "路口有暴露垃圾",
    "address": "测试路1号",
}


@pytest.fixture
def bureau(db):
    ready_city()
    return organisation("CZ00000000000000A1", name="区城管局")


@pytest.fixture
def district(bureau):
    """A district's platform that handles what is dispatched to its bureau."""
    return partner("shangcheng", organisation=bureau)


@pytest.fixture
def superior(bureau):
    """A platform that reports to us and watches."""
    return partner("superior", roles=("duty_leader",), kind="superior", division_code="330100000000")


@pytest.fixture
def call(client):
    """``call(partner, "post", "cases/…/sign/", {…})``."""

    def ask(one, method, path, body=None, **headers):
        sent = {} if body is None else {"data": body, "content_type": "application/json"}
        given = {**bearer(api_token(one.account)), **{k.replace("_", "-"): v for k, v in headers.items()}}
        return getattr(client, method)(f"/api/v1/partner/{path}", headers=given, **sent)

    return ask


def dispatched(to: str) -> Case:
    """A filed case that was dispatched."""
    case = registered()
    for role, action, fields in (
        ("acceptor", "accept", {}),
        ("duty_leader", "file", {}),
        ("dispatcher", "dispatch", {"duty_org": to}),
    ):
        act(person(role), case, action, **fields)
    tell(case.pk)
    return Case.objects.get(pk=case.pk)


def test_a_dispatched_case_goes_over_by_itself(district, bureau, call, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        case = dispatched(bureau.org_code)
    share = PartnerCase.objects.get()
    assert (share.case_id, share.is_assigned) == (case.pk, True)
    assert list(WebhookDelivery.objects.values_list("type", "state")) == [("case.assigned", "kept")]
    listed = call(district, "get", "cases/").json()["results"]
    assert [(one["case_no"], one["sides"]) for one in listed] == [(case.case_no, ["assigned"])]


def test_feedback_signs_first_and_both_steps_are_told_in_order(district, bureau, call):
    case = dispatched(bureau.org_code)
    answer = call(district, "post", f"cases/{case.case_no}/dispose_feedback/", {"opinion": "已清运"})
    assert answer.status_code == 200, answer.content
    assert (answer.json()["state"], answer.json()["steps"][-1]["by_partner"]) == ("60", True)
    tell(case.pk)
    rows = WebhookDelivery.objects.order_by("pk")
    assert [(row.type, row.payload["data"]["step"] and row.payload["data"]["step"]["action"]) for row in rows] == [
        ("case.assigned", None),
        ("case.moved", "sign"),
        ("case.moved", "feed_back"),
    ]
    assert [row.seq for row in rows] == [4, 5, 6]
    assert tell(case.pk) == 0


def test_a_case_of_another_partner_is_not_there(district, bureau, call):
    case = dispatched(bureau.org_code)
    other = partner("other", organisation=bureau, is_active=True, kind="other_platform")
    for method, path, body in (
        ("get", f"cases/{case.case_no}/", None),
        ("post", f"cases/{case.case_no}/sign/", {}),
        ("post", f"cases/{case.case_no}/dispose_feedback/", {"opinion": "x"}),
    ):
        answer = call(other, method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    assert call(other, "get", "cases/").json()["results"] == []
    assert call(other, "get", "changes/").json()["results"] == []
    case.refresh_from_db()
    assert case.state == "45"


def test_a_switched_off_partner_sees_nothing(district, bureau, call):
    case = dispatched(bureau.org_code)
    district.is_active = False
    district.save()
    assert call(district, "get", f"cases/{case.case_no}/").status_code == 404
    assert call(district, "get", "cases/").json()["results"] == []


def test_the_same_key_gives_the_same_answer_and_another_body_is_refused(superior, call):
    first = call(superior, "post", "cases/", {**REPORT, "their_no": "S-1"}, Idempotency_Key="k1")
    again = call(superior, "post", "cases/", {**REPORT, "their_no": "S-1"}, Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    other = call(superior, "post", "cases/", {**REPORT, "their_no": "S-2"}, Idempotency_Key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    assert Case.objects.count() == 1


def test_their_number_sent_again_is_the_same_case(superior, call):
    first = call(superior, "post", "cases/", {**REPORT, "their_no": "S-1", "flags": ["unstable", "return_visit"]})
    again = call(superior, "post", "cases/", {**REPORT, "their_no": "S-1"})
    assert first.json()["case_no"] == again.json()["case_no"]
    flags = first.json()["flags"]
    assert [name for name, value in flags.items() if value is True] == ["unstable", "return_visit"]
    assert call(superior, "get", "cases/?their_no=S-1").json()["results"][0]["sides"] == ["reported"]
    assert call(superior, "get", "cases/?their_no=S-9").json()["results"] == []


def test_an_application_that_needs_a_reply_waits_and_one_that_is_direct_holds_at_once(district, bureau, call):
    waiting = dispatched(bureau.org_code)
    answer = call(district, "post", f"cases/{waiting.case_no}/rollback_apply/", {"opinion": "非本区职责"})
    assert (answer.json()["state"], answer.json()["pending"]) == ("45", "return")
    district.modes = {"return": "direct", "delay": "direct"}
    district.save()
    direct = dispatched(bureau.org_code)
    before = direct.dispose_deadline
    answer = call(district, "post", f"cases/{direct.case_no}/postpone_apply/", {"opinion": "需要吊车"})
    assert (answer.json()["state"], answer.json()["pending"], answer.json()["flags"]["postpone"]) == ("45", "", True)
    direct.refresh_from_db()
    assert direct.dispose_deadline > before
    answer = call(district, "post", f"cases/{direct.case_no}/rollback_apply/", {"opinion": "非本区职责"})
    assert (answer.json()["state"], answer.json()["flags"]["rollback"]) == ("41", True)
    row = direct.applications.get(kind="return")
    assert (row.state, row.decided_by, direct.steps.order_by("seq").last().operator_role) == ("approved", None, "09")


def test_what_belongs_to_the_other_side_is_refused_in_words(district, superior, bureau, call):
    case = dispatched(bureau.org_code)
    answer = call(district, "post", f"cases/{case.case_no}/urge/", {})
    assert answer.status_code == 409
    assert "不是贵平台上报的" in answer.json()["detail"]
    made = call(superior, "post", "cases/", {**REPORT, "their_no": "S-1"}).json()
    answer = call(superior, "post", f"cases/{made['case_no']}/sign/", {})
    assert (answer.status_code, "不由贵平台处置" in answer.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("body", "field"),
    [({"agreed": True}, "agreed"), ({"due_at": "2026-12-31T17:00:00+08:00"}, "due_at"), ({"nonsense": 1}, "nonsense")],
)
def test_a_field_that_is_not_of_the_operation_is_named(district, bureau, call, body, field):
    case = dispatched(bureau.org_code)
    answer = call(district, "post", f"cases/{case.case_no}/sign/", body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field


def test_an_unknown_operation_names_the_known_ones(district, bureau, call):
    case = dispatched(bureau.org_code)
    answer = call(district, "post", f"cases/{case.case_no}/explode/", {})
    assert (answer.status_code, "dispose_feedback" in answer.json()["detail"]) == (400, True)


def test_a_superior_urges_supervises_and_replies(superior, bureau, call):
    made = call(superior, "post", "cases/", {**REPORT, "their_no": "S-1"}).json()
    number = made["case_no"]
    assert call(superior, "post", f"cases/{number}/urge/", {"opinion": "尽快"}).status_code == 200
    late = call(superior, "post", f"cases/{number}/supervise/", {"opinion": "x", "due_at": "2020-01-01T00:00:00Z"})
    assert late.status_code == 400
    due = "2099-01-01T00:00:00+08:00"
    assert call(superior, "post", f"cases/{number}/supervise/", {"opinion": "x", "due_at": due}).status_code == 200
    act(person("acceptor"), number, "apply_void", opinion="重复")
    missing = call(superior, "post", f"cases/{number}/cancel_reply/", {"opinion": "同意"})
    assert missing.json()["errors"][0]["field"] == "agreed"
    answer = call(superior, "post", f"cases/{number}/cancel_reply/", {"agreed": False, "opinion": "不同意"})
    assert (answer.status_code, answer.json()["pending"]) == (200, ""), answer.content
    assert [step["action"] for step in answer.json()["steps"]] == [
        "report", "urge", "supervise", "apply_void", "refuse_void",
    ]  # fmt: skip


def test_the_report_is_corrected_and_finished_by_who_made_it(superior, bureau, call):
    number = call(superior, "post", "cases/", {**REPORT, "their_no": "S-1"}).json()["case_no"]
    answer = call(superior, "post", f"cases/{number}/update/", {"address": "测试路2号"})
    assert (answer.status_code, answer.json()["address"]) == (200, "测试路2号"), answer.content
    early = call(superior, "post", f"cases/{number}/finish/", {})
    assert early.status_code == 409
    Case.objects.filter(case_no=number).update(state="70")
    assert call(superior, "post", f"cases/{number}/finish/", {}).json()["state"] == "80"


def test_changes_are_read_by_cursor_in_order(district, bureau, call):
    case = dispatched(bureau.org_code)
    call(district, "post", f"cases/{case.case_no}/sign/", {})
    tell(case.pk)
    first = call(district, "get", "changes/?limit=1").json()
    assert ([one["type"] for one in first["results"]], first["has_more"]) == (["case.assigned"], True)
    then = call(district, "get", f"changes/?cursor={first['cursor']}").json()
    assert ([one["data"]["step"]["action"] for one in then["results"]], then["has_more"]) == (["sign"], False)
    assert call(district, "get", f"changes/?cursor={then['cursor']}").json()["results"] == []
    assert call(district, "get", "changes/?cursor=-1").status_code == 400


def test_photos_come_first_and_are_named_by_the_feedback(district, bureau, client, call, photos_are_asked_for):
    from django.core.files.uploadedfile import SimpleUploadedFile

    case = dispatched_with_photos(bureau.org_code)
    bare = call(district, "post", f"cases/{case.case_no}/dispose_feedback/", {"opinion": "已清运"})
    assert bare.status_code == 400
    case.refresh_from_db()
    assert case.state == "45", "a refused feedback must not leave the case signed"
    name = str(uuid.uuid4())
    sent = client.post(
        reverse("api:partner-media"),
        {"media_id": name, "usage": "handle", "photo": SimpleUploadedFile("a.jpg", photo(), "image/jpeg")},
        headers=bearer(api_token(district.account)),
    )
    assert sent.status_code == 201, sent.content
    done = call(district, "post", f"cases/{case.case_no}/dispose_feedback/", {"opinion": "已清运", "media": [name]})
    assert (done.status_code, done.json()["state"]) == (200, "60"), done.content
    assert case.media.get(usage="handle").uploaded_by == district.account
    (listed,) = call(district, "get", f"cases/{case.case_no}/").json()["media"]
    assert (listed["media_id"], listed["usage"]) == (name, "handle")
    fetched = call(district, "get", f"cases/{case.case_no}/media/{name}/")
    assert (fetched.status_code, fetched.headers["Content-Type"]) == (200, "image/jpeg")
    assert b"".join(fetched.streaming_content)
    assert call(partner(), "get", f"cases/{case.case_no}/media/{name}/").status_code == 404


def dispatched_with_photos(to: str) -> Case:
    """Reported by the hotline, which needs no photo."""
    case = registered(person("hotline"), source="02", reporter_type="2")
    for role, action, fields in (
        ("acceptor", "accept", {}),
        ("duty_leader", "file", {}),
        ("dispatcher", "dispatch", {"duty_org": to}),
    ):
        act(person(role), case, action, **fields)
    tell(case.pk)
    return Case.objects.get(pk=case.pk)


def test_a_case_that_goes_to_somebody_else_is_withdrawn(district, bureau, call):
    case = dispatched(bureau.org_code)
    call(district, "post", f"cases/{case.case_no}/rollback_apply/", {"opinion": "非本区职责"})
    act(person("dispatcher"), case, "approve_return")
    elsewhere = organisation("CZ00000000000000B2")
    act(person("dispatcher"), case, "dispatch_again", duty_org=elsewhere.org_code, opinion="改派")
    tell(case.pk)
    assert WebhookDelivery.objects.order_by("pk").last().type == "case.withdrawn"
    answer = call(district, "post", f"cases/{case.case_no}/sign/", {})
    assert answer.status_code == 409


def test_what_no_signal_told_is_told_by_the_schedule(district, bureau):
    case = dispatched(bureau.org_code)
    WebhookDelivery.objects.all().delete()
    PartnerCase.objects.all().delete()
    assert tell_lost() == 1
    assert WebhookDelivery.objects.get().type == "case.assigned"
    act(district.account, case, "sign")
    assert tell_lost() == 1
    assert tell_lost() == 0
    assert WebhookDelivery.objects.count() == 2


def test_notices_are_read_and_signed(district, bureau, call):
    notice = issue_notice(person("data_officer"), district, "停电通知", "周五停电")
    listed = call(district, "get", "notices/").json()["results"]
    assert [(one["title"], one["signed_at"]) for one in listed] == [("停电通知", None)]
    signed = call(district, "post", f"notices/{notice.pk}/sign/", {"signed_by": "值班室"}).json()
    again = call(district, "post", f"notices/{notice.pk}/sign/", {"signed_by": "别人"}).json()
    assert (signed["signed_by"], again["signed_by"], again["signed_at"]) == ("值班室", "值班室", signed["signed_at"])
    other = partner("other", kind="other_platform")
    assert call(other, "post", f"notices/{notice.pk}/sign/", {}).status_code == 404


def test_an_account_that_is_no_partner_does_nothing(bureau, client):
    robot = person("duty_leader", is_integration=True)
    answer = client.post(
        "/api/v1/partner/cases/", REPORT, content_type="application/json", headers=bearer(api_token(robot))
    )
    assert (answer.status_code, "没有登记为对接系统" in answer.json()["detail"]) == (404, True)


def test_the_city_assigns_to_a_district_and_the_district_dispatches_to_itself(bureau, call, two_levels):
    district = partner("shangcheng", roles=("department", "dispatcher"), organisation=bureau)
    case = registered()
    act(person("acceptor"), case, "accept")
    act(person("duty_leader"), case, "file")
    act(person("dispatcher"), case, "assign_district")
    tell(case.pk)
    assert PartnerCase.objects.get(case=case).is_assigned
    answer = call(district, "post", f"cases/{case.case_no}/sign/", {})
    assert (answer.status_code, answer.json()["state"], answer.json()["duty_org"]) == (200, "50", bureau.org_code)


@pytest.fixture
def two_levels(monkeypatch):
    from grid.rules.workflow import SHIPPED, parse_workflow
    from grid.selectors import workflows

    loop = parse_workflow(SHIPPED, {"two_level": True}).without_photos()
    workflows._kept.active = loop
    workflows._kept.by_code[SHIPPED] = loop


def test_a_case_that_was_returned_and_comes_again_is_given_over_anew(district, bureau, call):
    case = dispatched(bureau.org_code)
    call(district, "post", f"cases/{case.case_no}/rollback_apply/", {"opinion": "非本区职责"})
    tell(case.pk)
    act(person("dispatcher"), case, "approve_return")
    act(person("dispatcher"), case, "dispatch_again", duty_org=bureau.org_code, opinion="确属贵区")
    tell(case.pk)
    types = list(WebhookDelivery.objects.order_by("pk").values_list("type", flat=True))
    assert types == ["case.assigned", "case.moved", "case.assigned"]
    assert call(district, "post", f"cases/{case.case_no}/sign/", {}).status_code == 200


def test_a_returned_case_is_no_longer_the_partners(district, bureau, call):
    case = dispatched(bureau.org_code)
    call(district, "post", f"cases/{case.case_no}/rollback_apply/", {"opinion": "非本区职责"})
    act(person("dispatcher"), case, "approve_return")
    tell(case.pk)
    assert WebhookDelivery.objects.order_by("pk").last().type == "case.withdrawn"
    assert tell_lost() == 0


def test_another_department_reads_nothing_through_the_partners_door(district, bureau, client):
    case = dispatched(bureau.org_code)
    client.force_login(person("department", organisation=organisation("CZ00000000000000B2")))
    for path in ("cases/", "changes/", "notices/"):
        answer = client.get(f"/api/v1/partner/{path}")
        assert (answer.status_code, answer.json()["results"]) == (200, []), path
    client.force_login(person("data_officer"))
    assert [one["case_no"] for one in client.get("/api/v1/partner/cases/").json()["results"]] == [case.case_no]
    assert len(client.get("/api/v1/partner/changes/").json()["results"]) == 1
