"""The pages of partners: registering one, its secrets, its deliveries, what waits for a person."""

import pytest
from django.urls import reverse
from django.utils import timezone

from cityops.foundation.models import AuditEvent
from grid.interfaces.models import Partner, PartnerCase, WebhookDelivery
from grid.interfaces.services.secrets import valid_secrets
from grid.interfaces.services.telling import tell
from grid.services.cases import act
from tests.factories.grid import ready_city, registered
from tests.factories.partners import COUNTY, THEIR_SECRET, partner
from tests.factories.people import NINGBO, division, organisation, person

FORM = {
    "code": "shangcheng", "name": "上城区平台", "kind": "district", "account": "robot", "division_code": COUNTY,
    "org_code": "CZ00000000000000A1", "webhook_url": "https://district.example/hooks/", "events": ["case.moved"],
    "sends_photos": "on", "is_active": "on", "mode_return": "direct", "mode_delay": "reply", "mode_void": "reply",
    "mode_appeal": "reply",
}  # fmt: skip


@pytest.fixture
def bureau(db):
    ready_city()
    division(COUNTY)
    return organisation("CZ00000000000000A1")


@pytest.fixture
def officer(bureau, client):
    who = person(("data_officer", "acceptor"))
    client.force_login(who)
    return who


@pytest.fixture
def robot(bureau):
    return person("department", username="robot", is_integration=True, organisation=bureau)


def page(client, name, *args):
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_empty_list_says_what_to_do(officer, client):
    assert "先在“人员”中" in page(client, "interface-partner-list")
    assert "还没有推送" in page(client, "interface-delivery-list")


def test_a_partner_is_registered_and_changed_and_the_trail_tells_it(officer, robot, client):
    assert 'value="robot"' in page(client, "interface-partner-new")
    made = client.post(reverse("interface-partner-new"), FORM)
    assert made.status_code == 302, made.content.decode()
    one = Partner.objects.get()
    assert (one.account, one.org_code, one.events, one.modes["return"]) == (
        robot,
        "CZ00000000000000A1",
        ["case.moved"],
        "direct",
    )
    assert "0 直接生效" in page(client, "interface-partner", "shangcheng")
    changed = {**FORM, "name": "上城", "webhook_url": ""}
    assert client.post(reverse("interface-partner-edit", args=["shangcheng"]), changed).status_code == 302
    one.refresh_from_db()
    assert (one.name, one.webhook_url, one.code) == ("上城", "", "shangcheng")
    entry = AuditEvent.objects.get(action="partner.change")
    assert (entry.before["name"], entry.after["name"], set(entry.before)) == (
        "上城区平台",
        "上城",
        {"name", "webhook_url"},
    )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"webhook_url": "http://district.example/"}, "须用 https"),
        ({"webhook_url": "https://me:x@district.example/"}, "用户名"),
        ({"webhook_url": "nonsense"}, "完整的网址"),
        ({"division_code": "330299000000"}, "区划"),
        ({"account": "nobody"}, "选择一个有效的选项"),
        ({"kind": "friend"}, "选择一个有效的选项"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(officer, robot, client, wrong, words):
    answer = client.post(reverse("interface-partner-new"), {**FORM, **wrong})
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not Partner.objects.exists()


def test_an_account_serves_one_partner(officer, robot, client):
    partner("first", account=robot)
    answer = client.post(reverse("interface-partner-new"), FORM)
    assert (answer.status_code, Partner.objects.count()) == (400, 1)


def test_our_secret_is_shown_once_and_theirs_never(officer, client):
    one = partner("shangcheng")
    made = client.post(reverse("interface-secret-make", args=["shangcheng"]))
    (ours,) = valid_secrets(one, "out")
    assert ours in made.content.decode()
    assert "no-store" in made.headers["Cache-Control"]
    wrong = client.post(reverse("interface-secret-take", args=["shangcheng"]), {"secret": "nonsense"})
    assert (wrong.status_code, "nonsense" in wrong.content.decode()) == (400, False)
    client.post(reverse("interface-secret-take", args=["shangcheng"]), {"secret": THEIR_SECRET})
    shown = page(client, "interface-partner", "shangcheng")
    assert ours not in shown
    assert THEIR_SECRET not in shown
    assert f"…{ours[-4:]}" in shown
    row = one.secrets.get(direction="out")
    client.post(reverse("interface-secret-end", args=["shangcheng", row.pk]))
    assert valid_secrets(one, "out") == []


def test_deliveries_are_listed_narrowed_exported_and_sent_again(officer, bureau, client):
    one = partner("shangcheng", organisation=bureau, webhook_url="https://district.example/")
    case = registered()
    for role, action, fields in (
        ("acceptor", "accept", {}),
        ("duty_leader", "file", {}),
        ("dispatcher", "dispatch", {"duty_org": bureau.org_code}),
    ):
        act(person(role), case, action, **fields)
    tell(case.pk)
    row = WebhookDelivery.objects.get()
    assert row.msg_id in page(client, "interface-delivery-list")
    narrowed = client.get(reverse("interface-delivery-list"), {"state": "failed", "partner": "shangcheng"})
    assert row.msg_id not in narrowed.content.decode()
    found = client.get(reverse("interface-delivery-list"), {"q": case.case_no, "partner": "shangcheng"})
    assert row.msg_id in found.content.decode()
    file = b"".join(client.get(reverse("interface-delivery-list"), {"format": "csv"}).streaming_content).decode()
    assert row.msg_id in file
    assert "测试路1号" in page(client, "interface-delivery", row.pk)
    WebhookDelivery.objects.update(state="failed", attempts=10, next_try_at=None)
    client.post(reverse("interface-delivery-again", args=[row.pk]))
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("waiting", 0)
    Partner.objects.update(stopped_at=timezone.now(), stopped_why="x")
    WebhookDelivery.objects.update(state="failed")
    client.post(reverse("interface-delivery-again", args=[row.pk]))
    row.refresh_from_db()
    assert row.state == "failed"
    assert "恢复推送" in page(client, "interface-partner", one.code)
    client.post(reverse("interface-partner-resume", args=[one.code]))
    one.refresh_from_db()
    assert one.is_sent_to


def test_a_test_event_and_a_notice_are_queued(officer, client):
    one = partner("shangcheng", webhook_url="https://district.example/")
    client.post(reverse("interface-partner-test", args=["shangcheng"]))
    client.post(reverse("interface-notice", args=["shangcheng"]), {"title": "停电", "text": "周五"})
    assert list(one.deliveries.order_by("pk").values_list("type", flat=True)) == ["test.ping", "notice.issued"]
    assert "停电" in page(client, "interface-partner", "shangcheng")
    empty = client.post(reverse("interface-notice", args=["shangcheng"]), {"title": "", "text": ""})
    assert empty.status_code == 400


def test_what_waits_for_a_person_is_shown_until_it_is_settled(officer, client):
    one = partner("shangcheng")
    share = PartnerCase.objects.create(partner=one, case=registered(), attention="fail_check: 不能返工")
    assert "不能返工" in page(client, "interface-partner", "shangcheng")
    client.post(reverse("interface-share-settle", args=["shangcheng", share.pk]))
    assert "不能返工" not in page(client, "interface-partner", "shangcheng")
    assert AuditEvent.objects.get(action="partner.settle").before["attention"] == "fail_check: 不能返工"


def test_another_citys_officer_finds_nothing(bureau, client):
    one = partner("shangcheng")
    client.force_login(person("data_officer", division_code=NINGBO))
    assert client.get(reverse("interface-partner", args=[one.code])).status_code == 404
    assert client.post(reverse("interface-secret-make", args=[one.code])).status_code == 404
    assert one.name not in client.get(reverse("interface-partner-list")).content.decode()


def test_who_keeps_partners_but_sees_no_cases_reads_none(bureau, client):
    """A system administrator joins platforms; what the cases say is not for that role."""
    one = partner("shangcheng", organisation=bureau)
    case = registered()
    PartnerCase.objects.create(partner=one, case=case, attention="canary")
    row = WebhookDelivery.objects.create(
        partner=one, case=case, type="case.moved", payload={"data": {"text": "canary"}}, state="kept",
        created_at=timezone.now(),
    )  # fmt: skip
    client.force_login(person("system_admin"))
    assert "canary" not in page(client, "interface-delivery", row.pk)
    assert "canary" not in page(client, "interface-partner", "shangcheng")
    client.force_login(person("data_officer"))
    assert "canary" in page(client, "interface-delivery", row.pk)
    assert "canary" in page(client, "interface-partner", "shangcheng")


def test_a_case_says_with_which_system_it_is_shared(officer, robot, client):
    case = registered()
    assert "共办系统" not in page(client, "case-detail", case.case_no)
    one = partner(account=robot)
    share = PartnerCase.objects.create(partner=one, case=case, their_no="SC-7", assigned_at=timezone.now())
    shown = page(client, "case-detail", case.case_no)
    assert "共办系统" in shown
    assert "SC-7" in shown
    assert reverse("interface-partner", args=[one.code]) in shown
    PartnerCase.objects.filter(pk=share.pk).update(ended_at=timezone.now(), attention="对方要求退回")
    client.force_login(person(("duty_leader",)))
    shown = page(client, "case-detail", case.case_no)
    assert "已收回" in shown
    assert "对方要求退回" in shown
    assert reverse("interface-partner", args=[one.code]) not in shown
