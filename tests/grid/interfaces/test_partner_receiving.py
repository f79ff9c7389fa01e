"""Webhooks that come in: only signed ones of now, each once, carried out under the partner's account."""

import base64
import datetime as dt
import hashlib
import uuid

import pytest
from django.utils import timezone

from cityops.foundation.models import AuditEvent
from grid.interfaces.models import Partner, PartnerCall, PartnerCase
from grid.interfaces.services.secrets import end_secret, take_secret
from grid.interfaces.services.telling import tell
from grid.models import Case
from grid.services.cases import act
from tests.factories.grid import ready_city, registered
from tests.factories.partners import THEIR_SECRET, partner, signed, with_secrets
from tests.factories.people import organisation, person
from tests.factories.photos import photo

FACTS = {
    "case_no": "CITY-1", "their_no": "", "state": "40", "kind": "2", "std_ref": "GB/T 47678.5-2026",
    "class_code": "06001", "longitude": 120.005, "latitude": 30.005, "description": "路口有暴露垃圾",
    "address": "测试路1号", "urgency": "2",
}  # fmt: skip


@pytest.fixture
def bureau(db):
    ready_city()
    return organisation("CZ00000000000000A1")


@pytest.fixture
def city(bureau):
    """The city's platform, as a district's instance knows it."""
    one = partner("city", roles=("duty_leader", "acceptor"), kind="superior", division_code="330100000000")
    with_secrets(one)
    return one


@pytest.fixture
def district(bureau):
    """A district's platform, as the city's instance knows it."""
    one = partner("shangcheng", organisation=bureau)
    with_secrets(one)
    return one


@pytest.fixture
def send(client):
    def post(code, data, **message):
        body, headers = signed(data, **message)
        return client.post(f"/api/v1/partner/hooks/{code}/", body, content_type="application/json", headers=headers)

    return post


def told(case: Case, action: str, *, state: str, opinion: str = "", **more) -> dict:
    """What the other platform says of a case that it knows as D-1."""
    facts = {**FACTS, "case_no": "D-1", "their_no": case.case_no, "state": state}
    return {"case": facts, "step": {"seq": 9, "action": action, "opinion": opinion, **more}, "media": []}


# --- who may send


def test_a_signed_message_is_taken(city, send):
    answer = send("city", {"text": "hello"})
    assert (answer.status_code, answer.json()["done"]) == (200, True)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"secret": "whsec_" + base64.b64encode(b"x" * 32).decode()}, "签名不符"),
        ({"minutes": -6}, "5 分钟"),
        ({"minutes": 6}, "5 分钟"),
    ],
    ids=["secret", "old", "future"],
)
def test_a_wrong_signature_or_an_old_time_is_refused_in_words(city, send, message, words):
    message = dict(message)
    at = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=message.pop("minutes", 0))
    answer = send("city", {"case": FACTS}, kind="case.assigned", at=at, **message)
    assert (answer.status_code, answer.json()["code"]) == (401, "webhook_refused")
    assert words in answer.json()["detail"]
    assert (Case.objects.count(), PartnerCall.objects.count()) == (0, 0)


def test_a_changed_body_or_header_is_refused(city, client):
    body, headers = signed({"text": "hello"})
    url = "/api/v1/partner/hooks/city/"
    stamp = str(int(headers["webhook-timestamp"]) + 1)
    for changed_body, changed in (
        (body + b" ", headers),
        (body, {**headers, "webhook-id": "msg_2"}),
        (body, {**headers, "webhook-timestamp": stamp}),
        (body, {**headers, "webhook-signature": "v1,nonsense"}),
        (body, {**headers, "webhook-signature": "nonsense"}),
        (body, {**headers, "webhook-signature": headers["webhook-signature"].replace("v1,", "v2,")}),
        (b"\xff\xfe", headers),
    ):
        answer = client.post(url, changed_body, content_type="application/json", headers=changed)
        assert (answer.status_code, answer.json()["code"]) == (401, "webhook_refused"), changed
    for missing in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        rest = {name: value for name, value in headers.items() if name != missing}
        assert client.post(url, body, content_type="application/json", headers=rest).status_code == 401
    assert "签名" in Partner.objects.get(code="city").refused_why


def test_our_own_message_sent_back_to_us_is_refused(city, send):
    """Each direction has its own secret, so that nothing can be reflected."""
    from grid.interfaces.services.secrets import valid_secrets

    ours = valid_secrets(city, "out")[0]
    assert send("city", {"text": "hello"}, secret=ours).status_code == 401


def test_an_unknown_or_switched_off_partner_is_refused_alike(city, send):
    unknown = send("nobody", {})
    Partner.objects.update(is_active=False)
    off = send("city", {})
    assert (unknown.status_code, off.status_code) == (401, 401)
    assert unknown.json()["detail"] == off.json()["detail"]


def test_a_body_beyond_the_limit_is_not_read(city, client):
    body, headers = signed({"text": "x" * (8 << 20)})
    answer = client.post("/api/v1/partner/hooks/city/", body, content_type="application/json", headers=headers)
    assert answer.status_code == 413


def test_the_former_secret_opens_until_it_ends(city, send):
    new = "whsec_" + base64.b64encode(b"n" * 32).decode()
    take_secret(city.account, city, new)
    assert send("city", {}, msg_id="a").status_code == 200
    assert send("city", {}, msg_id="b", secret=new).status_code == 200
    old = city.secrets.filter(direction="in").order_by("pk").first()
    end_secret(city.account, city, old.pk)
    assert send("city", {}, msg_id="c").status_code == 401
    assert send("city", {}, msg_id="d", secret=new).status_code == 200


# --- each once


def test_a_replay_is_refused_and_a_retry_gets_the_first_answer(city, send):
    now = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=10)
    first = send("city", {"case": FACTS}, kind="case.assigned", at=now)
    assert first.status_code == 200, first.content
    replay = send("city", {"case": FACTS}, kind="case.assigned", at=now)
    assert (replay.status_code, replay.json()["code"]) == (409, "webhook_replayed")
    retry = send("city", {"case": FACTS}, kind="case.assigned", at=now + dt.timedelta(seconds=5))
    assert (retry.status_code, retry.json()) == (200, first.json())
    again = send("city", {"case": FACTS}, kind="case.assigned", at=now + dt.timedelta(seconds=5))
    assert again.status_code == 409
    other = send("city", {"case": {**FACTS, "case_no": "CITY-2"}}, kind="case.assigned")
    assert (other.status_code, "另一内容" in other.json()["detail"]) == (409, True)
    assert Case.objects.count() == 1


@pytest.mark.parametrize("body", [b"[]", b"nonsense", b'{"type": 1, "data": {}}', b'{"type": "x"}', b"[" * 100_000])
def test_what_is_no_message_is_refused(city, client, body):
    from grid.interfaces.services.sending import signed_headers

    headers = signed_headers("m", body, [THEIR_SECRET])
    answer = client.post("/api/v1/partner/hooks/city/", body, content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_an_event_nobody_knows_is_taken_and_not_done(city, send):
    answer = send("city", {}, kind="something.else")
    assert (answer.status_code, answer.json()["done"]) == (200, False)


# --- what is done: the district's side


def test_a_case_that_is_given_to_us_is_registered_with_its_photos(city, send):
    content = photo()
    media = [
        {
            "media_id": str(uuid.uuid4()), "usage": "report", "taken_at": "2026-01-01T08:00:00+08:00",
            "sha256": hashlib.sha256(content).hexdigest(), "content": base64.b64encode(content).decode(),
        }
    ]  # fmt: skip
    answer = send("city", {"case": FACTS, "step": None, "media": media}, kind="case.assigned")
    assert answer.status_code == 200, answer.content
    case = Case.objects.get(case_no=answer.json()["case_no"])
    assert (case.state, case.source, case.source_no, case.urgency) == ("10", "07", "CITY-1", "2")
    assert case.media.get().uploaded_by == city.account
    share = PartnerCase.objects.get(case=case)
    assert (share.their_no, share.is_assigned, share.reported_at is not None) == ("CITY-1", False, True)
    entry = AuditEvent.objects.get(action="case.report", object_key=case.case_no)
    assert (entry.channel, entry.user_name) == ("peer", "city")


@pytest.mark.parametrize("wrong", [{"longitude": 10.0}, {"class_code": "99999"}, {"longitude": "x"}])
def test_a_case_that_cannot_be_taken_over_is_refused_so_that_it_is_sent_again(city, send, wrong):
    answer = send("city", {"case": {**FACTS, **wrong}, "media": []}, kind="case.assigned")
    assert answer.status_code == 400
    assert (Case.objects.count(), PartnerCall.objects.count()) == (0, 0)
    good = send("city", {"case": FACTS, "media": []}, kind="case.assigned")
    assert good.status_code == 200, "the same id may be used, for nothing was done with it"


def taken_over(city, send) -> Case:
    number = send("city", {"case": FACTS, "media": []}, kind="case.assigned", msg_id="over").json()["case_no"]
    return Case.objects.get(case_no=number)


def test_the_city_urges_and_supervises(city, send):
    case = taken_over(city, send)
    facts = {**FACTS, "their_no": case.case_no}
    step = {"action": "urge", "opinion": "尽快"}
    assert send("city", {"case": facts, "step": step}, kind="case.moved", msg_id="u").json()["done"]
    due = (timezone.now() + dt.timedelta(days=1)).isoformat()
    step = {"action": "supervise", "opinion": "市长批示", "due_at": due}
    assert send("city", {"case": facts, "step": step}, kind="case.moved", msg_id="s").json()["done"]
    assert case.supervisions.get().opinion == "市长批示"
    assert [s.action for s in case.steps.order_by("seq")] == ["01", "22", "21"]


def test_a_case_that_was_closed_and_not_accepted_gets_a_new_round(city, send):
    case = taken_over(city, send)
    for role, action, fields in (("acceptor", "accept", {}), ("duty_leader", "file", {})):
        act(person(role), case, action, **fields)
    Case.objects.filter(pk=case.pk).update(state="80", closed_at=timezone.now(), close_type="1")
    facts = {**FACTS, "their_no": case.case_no}
    step = {"action": "fail_check", "opinion": "没有清干净"}
    answer = send("city", {"case": facts, "step": step}, kind="case.moved", msg_id="f").json()
    assert answer["done"], answer
    following = Case.objects.get(previous_round=case.pk)
    assert (following.state, PartnerCase.objects.get(case=following).their_no) == ("40", "CITY-1")


def test_what_cannot_be_done_is_kept_for_a_person(city, send):
    case = taken_over(city, send)
    facts = {**FACTS, "their_no": case.case_no}
    step = {"action": "fail_check", "opinion": "没有清干净"}
    answer = send("city", {"case": facts, "step": step}, kind="case.moved", msg_id="f")
    assert (answer.status_code, answer.json()["done"]) == (200, False)
    assert "fail_check" in PartnerCase.objects.get(case=case).attention
    case.refresh_from_db()
    assert case.state == "10"


def test_the_case_of_another_partner_is_not_moved(city, district, bureau, send):
    case = dispatched(bureau)
    facts = {**FACTS, "their_no": case.case_no}
    answer = send("city", {"case": facts, "step": {"action": "urge"}}, kind="case.moved")
    assert (answer.json()["done"], answer.json()["case_no"]) == (False, "")
    assert case.steps.count() == 4


# --- what is done: the city's side


def dispatched(bureau) -> Case:
    case = registered()
    for role, action, fields in (
        ("acceptor", "accept", {}),
        ("duty_leader", "file", {}),
        ("dispatcher", "dispatch", {"duty_org": bureau.org_code}),
    ):
        act(person(role), case, action, **fields)
    tell(case.pk)
    return Case.objects.get(pk=case.pk)


def test_the_districts_signing_and_closing_come_back_as_signing_and_feedback(
    district, bureau, send, photos_are_asked_for
):
    case = registered(person("hotline"), source="02", reporter_type="2")
    for role, action, fields in (
        ("acceptor", "accept", {}),
        ("duty_leader", "file", {}),
        ("dispatcher", "dispatch", {"duty_org": bureau.org_code}),
    ):
        act(person(role), case, action, **fields)
    tell(case.pk)
    assert send("shangcheng", told(case, "sign", state="50"), kind="case.moved", msg_id="1").json()["done"]
    news = send("shangcheng", told(case, "feed_back", state="60"), kind="case.moved", msg_id="2").json()
    assert (news["done"], news["why"]) == (False, "")
    data = told(case, "close", state="80", opinion="已清运")
    data["media"] = [{"media_id": str(uuid.uuid4()), "usage": "handle", "content": base64.b64encode(photo()).decode()}]
    assert send("shangcheng", data, kind="case.moved", msg_id="3").json()["done"]
    case.refresh_from_db()
    share = PartnerCase.objects.get(case=case)
    assert (case.state, case.media.get().usage) == ("60", "handle")
    assert (share.their_no, share.their_state, share.attention) == ("D-1", "80", "")


def test_the_district_rejects_and_the_city_decides(district, bureau, send):
    case = dispatched(bureau)
    assert send("shangcheng", told(case, "reject", state="31", opinion="不属本区"), kind="case.moved").json()["done"]
    case.refresh_from_db()
    assert (case.state, case.pending, case.applications.get().reason) == ("45", "return", "不属本区")


def test_the_echo_of_our_own_doing_is_not_done_again(city, send):
    case = taken_over(city, send)
    facts = {**FACTS, "their_no": case.case_no}
    step = {"action": "urge", "by_partner": True}
    assert not send("city", {"case": facts, "step": step}, kind="case.moved", msg_id="e").json()["done"]
    assert case.steps.count() == 1


def test_a_case_taken_back_is_kept_for_a_person(city, send):
    case = taken_over(city, send)
    data = {"case": {**FACTS, "their_no": case.case_no}}
    assert send("city", data, kind="case.withdrawn", msg_id="w").json()["done"]
    assert "收回" in PartnerCase.objects.get(case=case).attention


@pytest.mark.parametrize("ended", ["31", "80"])
def test_a_case_given_to_us_again_after_ours_had_ended_is_a_new_one(city, send, ended):
    first = taken_over(city, send)
    same = send("city", {"case": FACTS, "media": []}, kind="case.assigned", msg_id="again-open").json()
    assert same["case_no"] == first.case_no
    Case.objects.filter(pk=first.pk).update(state=ended)
    second = send("city", {"case": FACTS, "media": []}, kind="case.assigned", msg_id="again").json()
    assert second["case_no"] != first.case_no
    third = send("city", {"case": FACTS, "media": []}, kind="case.assigned", msg_id="again-2").json()
    assert third["case_no"] == second["case_no"]
    assert PartnerCase.objects.filter(their_no="CITY-1").count() == 2
