"""Pages and API of intake: rules of sources, duty table, the suggestions of the register page."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from grid.intake.models import DutyRule, SimilaritySetting, SourceRule
from grid.intake.selectors.classes import forget_index
from tests.factories import grid as ground
from tests.factories.people import api_token, bearer, organisation, person

pytestmark = pytest.mark.django_db
API = "/api/v1/intake/"
ROW = {"class_code": "06", "valid_from": "2026-01-01", "org_code": "HW"}


@pytest.fixture
def officer(client):
    forget_index()
    ground.ready_city()
    ground.class_version()
    organisation("HW", name="环卫所")
    organisation("SZ", name="市政所")
    user = person("data_officer")
    client.force_login(user)
    yield user
    forget_index()


@pytest.fixture
def token(officer):
    return bearer(api_token(person(("data_officer", "acceptor"), is_integration=True)))


def text(answer):
    return answer.content.decode()


def test_the_page_of_sources_says_what_is_a_sample_and_what_is_the_citys_own(client, officer):
    page = text(client.get("/intake/sources/"))
    assert page.count(">本地样例</span>") == 13
    assert "置信度 ≥ 0.90 自动受理，否则先核实" in page
    form = {"auto_accept": "on", "default_urgency": "3", "roles": ["hotline"]}
    assert client.post("/intake/sources/02/", form).status_code == 302
    kept = SourceRule.objects.get()
    assert (kept.auto_accept, kept.verify_first, kept.roles) == (True, False, ["hotline"])
    page = text(client.get("/intake/sources/"))
    assert (page.count(">本地样例</span>"), page.count(">本市规定</span>")) == (12, 1)
    assert client.post("/intake/sources/02/", {"what": "reset"}).status_code == 302
    assert not SourceRule.objects.exists()


def test_a_contradiction_stands_at_its_field(client, officer):
    answer = client.post("/intake/sources/02/", {"verify_first": "on", "auto_accept": "on", "default_urgency": "3"})
    assert (answer.status_code, "不能同时选" in text(answer)) == (422, True)
    assert client.get("/intake/sources/77/").status_code == 404


def test_the_reach_of_similar_cases_is_set_on_the_page(client, officer):
    assert client.post("/intake/similarity/", {"metres": "80", "hours": "12"}).status_code == 302
    assert (SimilaritySetting.objects.get().metres, SimilaritySetting.objects.get().with_confusable) == (80, False)
    assert "2000" in text(client.post("/intake/similarity/", {"metres": "0", "hours": "12"}, follow=True))
    assert SimilaritySetting.objects.get().metres == 80


def test_a_row_of_the_duty_table_is_added_changed_and_deleted(client, officer):
    assert "责任表还是空的" in text(client.get("/intake/duties/"))
    assert client.post("/intake/duties/new/", {**ROW, "weekdays": ["1", "2"]}).status_code == 302
    row = DutyRule.objects.get()
    assert row.weekdays == [1, 2]
    page = f"/intake/duties/{row.pk}/"
    assert 'value="06"' in text(client.get(page))
    assert client.post(page, {**ROW, "org_code": "SZ"}).status_code == 302
    wrong = client.post(page, {**ROW, "class_code": "06999"})
    assert (wrong.status_code, "06999" in text(wrong)) == (422, True)
    assert "请写明原因" in text(client.post(f"{page}delete/", {"reason": ""}, follow=True))
    client.post(f"{page}delete/", {"reason": "机构调整"})
    assert not DutyRule.objects.exists()


def test_the_table_shows_overlaps_and_coverage_and_is_narrowed(client, officer):
    for org in ("HW", "SZ"):
        DutyRule.objects.create(**{**ROW, "org_code": org})
    page = text(client.get("/intake/duties/"))
    assert "同样具体" in page
    assert "100.0%" in page
    assert "没有符合条件的行" in text(client.get("/intake/duties/?class_code=07"))


def test_what_is_exported_can_be_imported(client, officer):
    DutyRule.objects.create(**ROW)
    answer = client.get("/intake/duties/?format=xlsx")
    file = b"".join(answer.streaming_content)
    for close in answer._resource_closers:
        close()
    assert [cell.value for cell in openpyxl.load_workbook(io.BytesIO(file)).active[2]][1] == "06"
    DutyRule.objects.all().delete()
    upload = SimpleUploadedFile("duties.xlsx", file)
    assert client.post("/intake/duties/import/", {"file": upload}).status_code == 302
    assert DutyRule.objects.get().org_code == "HW"
    broken = SimpleUploadedFile("x.xlsx", b"nothing")
    refused = client.post("/intake/duties/import/", {"file": broken})
    assert (refused.status_code, "不是 xlsx" in text(refused)) == (422, True)


def test_who_may_only_look_finds_no_buttons(client, officer):
    DutyRule.objects.create(**ROW)
    client.force_login(person("dispatcher"))
    assert "/intake/duties/new/" not in text(client.get("/intake/duties/"))
    assert "/intake/sources/02/" not in text(client.get("/intake/sources/"))
    assert client.get("/intake/duties/new/").status_code == 403


def test_the_register_page_is_told_classes_with_reasons_and_similar_cases(client, officer):
    seat = person("hotline")
    client.force_login(seat)
    part = text(client.get("/intake/classes/?class_words=暴露垃圾"))
    assert "暴露垃圾(名称)" in part
    assert f'value="2-{ground.LITTER}"' in part
    assert "没有符合" in text(client.get("/intake/classes/?class_words=毫不相干"))
    ground.stored_case(case_no="330100202601019999999999")
    spot = f"longitude={ground.WEST + 0.005}&latitude={ground.SOUTH + 0.005}"
    assert "330100202601019999999999" in text(client.get(f"/intake/similar/?{spot}&class_key=2-{ground.LITTER}"))
    assert text(client.get("/intake/similar/?longitude=x")).strip() == ""
    assert text(client.get("/intake/similar/?longitude=999&latitude=1")).strip() == ""
    assert 'hx-get="/intake/similar/"' in text(client.get("/desk/register/"))


def test_the_api_keeps_rules_duties_and_reach(client, officer, token):
    def put(path, body):
        return client.put(f"{API}{path}", body, content_type="application/json", headers=token)

    assert put("sources/02/", {"needs_photo": True}).json()["is_sample"] is False
    assert client.get(f"{API}sources/02/", headers=token).json()["needs_photo"] is True
    assert len(client.get(f"{API}sources/", headers=token).json()) == 13
    assert put("sources/77/", {"needs_photo": True}).status_code == 404
    assert put("sources/02/", {"auto_accept": True}).json()["errors"][0]["field"] == "auto_accept"
    assert put("similarity/", {"metres": 70, "hours": 6}).json()["metres"] == 70
    made = client.post(f"{API}duties/", ROW, content_type="application/json", headers=token)
    assert (made.status_code, made.json()["org_code"]) == (201, "HW")
    assert len(client.get(f"{API}duties/", headers=token).json()["results"]) == 1
    assert client.get(f"{API}duties/coverage/", headers=token).json()["percent"] == 100.0


def test_the_api_suggests_for_words_places_and_cases(client, officer, token):
    DutyRule.objects.create(**ROW)
    one, other = ground.stored_case(), ground.stored_case()
    told = client.get(f"/api/v1/cases/{one.case_no}/suggestions/", headers=token).json()
    assert (told["departments"][0]["org_code"], told["departments"][0]["source"]) == ("HW", "duty_table")
    assert told["classes"][0]["class_code"] == ground.LITTER
    assert [found["case_no"] for found in told["similar"]] == [other.case_no]
    found = client.get(f"{API}classes/?text=bllj", headers=token).json()
    assert found[0]["class_code"] == ground.LITTER
    spot = f"longitude={ground.WEST + 0.005}&latitude={ground.SOUTH + 0.005}"
    assert len(client.get(f"{API}similar/?{spot}", headers=token).json()) == 2
    wrong = client.get(f"{API}similar/?longitude=200&latitude=1", headers=token)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "longitude")
