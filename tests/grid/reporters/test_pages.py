"""Pages about reporters: masked everywhere, in full once, found by a number that stands in no address."""

import pytest
from django.urls import reverse

from cityops.foundation.models import AuditEvent
from grid.models import Case
from grid.reporters.models import ContactRequest, Reporter
from grid.reporters.services.opening import opened
from grid.rules.codes import CURRENT
from grid.services.reporting_hooks import keep_reporter
from sync.standard.models import DictionaryVersion
from tests.factories import grid as ground
from tests.factories.people import api_token, bearer, organisation, person
from tests.grid.reporters.conftest import ADDRESS, EMAIL, NAME, PHONE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]


@pytest.fixture
def case():
    case = ground.registered(source="02")
    keep_reporter(case.rid, name=NAME, phone=PHONE, email=EMAIL, address=ADDRESS)
    return case


@pytest.fixture
def acceptor(client):
    user = person("acceptor", name="甲某")
    client.force_login(user)
    return user


def secret_in(text: str) -> list[str]:
    return [secret for secret in (NAME, PHONE, EMAIL, ADDRESS) if secret in text]


def shown(client, route, *args):
    response = client.get(reverse(route, args=args))
    assert response.status_code == 200
    return response.content.decode()


def form(**more):
    DictionaryVersion.objects.get_or_create(
        kind="classes", code=CURRENT, title="x", source="x", provenance="designed", valid_from="2026-01-01",
        content_sha=b"\0" * 32, is_default=True,
    )  # fmt: skip
    return {
        "class_key": f"2-{ground.LITTER}", "description": "路口有垃圾", "address": "测试路1号", "longitude": "120.005",
        "latitude": "30.005", "source": "02", "urgency": "3", "reporter_name": NAME, "reporter_phone": PHONE, **more,
    }  # fmt: skip


def test_the_form_of_a_report_hands_over_who_reported(client, acceptor):
    response = client.post(reverse("case-register"), form(), follow=True)
    case = Case.objects.get()
    assert opened(Reporter.objects.get(pk=case.pk)).phone == PHONE
    page = response.content.decode()
    assert secret_in(page) == []
    assert "139****4321" in page
    assert PHONE not in case.reporter_id
    assert len(case.reporter_id) == 64


def test_who_wants_to_stay_unknown_is_not_kept(client, acceptor):
    client.post(reverse("case-register"), form(is_anonymous="on"))
    assert Case.objects.get().reporter_id == ""
    assert not Reporter.objects.exists()


@pytest.mark.parametrize("field", ["description", "address"])
def test_a_number_in_what_everybody_reads_is_refused(client, acceptor, field):
    response = client.post(reverse("case-register"), form(**{field: f"联系 {PHONE[:3]}-{PHONE[3:]}"}))
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not Case.objects.exists()


def test_a_number_that_is_none_is_told_at_its_field_and_no_case_is_made(client, acceptor):
    response = client.post(reverse("case-register"), form(reporter_phone="12"))
    assert response.status_code == 422
    assert "reporter_phone" in response.context["form"].errors
    assert not Case.objects.exists()


@pytest.mark.parametrize("role", ["acceptor", "hotline", "duty_leader"])
def test_who_talks_with_the_public_sees_a_mask_on_the_case(client, case, role):
    client.force_login(person(role))
    page = shown(client, "case-detail", case.case_no)
    assert secret_in(page) == []
    assert "欧**" in page
    assert "139****4321" in page


@pytest.mark.parametrize("role", ["dispatcher", "inspector", "collector", "leader", "evaluator", "data_officer"])
def test_nobody_else_sees_even_the_mask(client, case, role):
    client.force_login(person(role))
    page = shown(client, "case-detail", case.case_no)
    assert "139****4321" not in page
    assert client.get(reverse("reporter-detail", args=[case.case_no])).status_code == 403


def test_the_full_record_is_one_answer_that_is_kept_nowhere(client, case, acceptor):
    address = reverse("reporter-open", args=[case.case_no])
    assert client.get(address).status_code == 405
    assert client.post(address, {"reason": ""}).status_code == 422
    response = client.post(address, {"reason": "回访核实"})
    assert response.status_code == 200
    assert secret_in(response.content.decode()) == [NAME, PHONE, EMAIL, ADDRESS]
    assert "no-store" in response.headers["Cache-Control"]
    page = shown(client, "reporter-detail", case.case_no)
    assert secret_in(page) == []
    assert "甲某" in page
    assert "回访核实" in page


def test_a_reason_that_tells_is_refused_at_its_field(client, case, acceptor):
    response = client.post(reverse("reporter-open", args=[case.case_no]), {"reason": f"打{PHONE}"})
    assert response.status_code == 422
    assert "open_form" in response.context
    assert not AuditEvent.objects.filter(action="reporter.open").exists()


def test_the_search_takes_the_number_in_the_body_and_shows_it_nowhere(client, case, acceptor):
    response = client.post(reverse("reporter-list"), {"phone": PHONE})
    page = response.content.decode()
    assert case.case_no in page
    assert PHONE not in page
    assert case.case_no not in client.get(reverse("reporter-list"), {"phone": PHONE}).content.decode()
    assert client.post(reverse("reporter-list"), {"phone": "1"}).status_code == 422


def test_a_department_asks_on_the_case_and_reads_the_answer_there(client, case, acceptor):
    own = organisation("OWN")
    Case.objects.filter(pk=case.pk).update(duty_org=own.org_code, state="50")
    handler = person("department", organisation=own)
    client.force_login(handler)
    page = shown(client, "case-detail", case.case_no)
    assert "139****4321" not in page
    client.post(reverse("contact-ask", args=[case.case_no]), {"question": "请问具体楼层"})
    asked = ContactRequest.objects.get()
    client.force_login(acceptor)
    assert "请问具体楼层" in shown(client, "reporter-list")
    response = client.post(reverse("contact-answer", args=[asked.pk]), {"answer": f"他说{PHONE}"}, follow=True)
    assert "不要写反映人的姓名和电话" in response.content.decode()
    client.post(reverse("contact-answer", args=[asked.pk]), {"answer": "三楼东侧"})
    client.force_login(handler)
    assert "三楼东侧" in shown(client, "case-detail", case.case_no)


def test_a_dispute_keeps_a_record_beyond_its_time(client, case):
    client.force_login(person("duty_leader"))
    address = reverse("reporter-dispute", args=[case.case_no])
    client.post(address, {"in_dispute": "1", "reason": ""})
    assert Reporter.objects.get().in_dispute is False
    client.post(address, {"in_dispute": "1", "reason": "复议未结"})
    assert Reporter.objects.get().in_dispute is True
    assert "复议未结" in shown(client, "reporter-detail", case.case_no)
    client.post(address, {"in_dispute": "0", "reason": "了结"})
    assert Reporter.objects.get().in_dispute is False


def test_the_hotlines_system_hands_a_person_over_and_gets_nothing_back(client):
    robot = bearer(api_token(person("hotline", is_integration=True)))
    body = {
        "class_code": ground.LITTER, "longitude": 120.005, "latitude": 30.005, "description": "路口有垃圾",
        "address": "测试路1号", "source": "02", "reporter_type": "2", "rid": "0b7a0000-0000-4000-8000-000000000001",
        "reporter_name": NAME, "reporter_phone": PHONE, "reporter_email": EMAIL, "reporter_address": ADDRESS,
    }  # fmt: skip
    for _time in range(2):
        answer = client.post("/api/v1/desk/cases/", body, content_type="application/json", headers=robot)
        assert answer.status_code == 201, answer.content
        assert secret_in(answer.content.decode()) == []
    case = Case.objects.get()
    assert opened(Reporter.objects.get()).email == EMAIL
    assert secret_in(client.get(f"/api/v1/cases/{case.case_no}/", headers=robot).content.decode()) == []
    body.update(rid="0b7a0000-0000-4000-8000-000000000002", reporter_phone="1")
    bad = client.post("/api/v1/desk/cases/", body, content_type="application/json", headers=robot)
    assert bad.status_code == 400
    assert Case.objects.count() == 1
