"""The API of cases: what other systems read and write."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from grid.models import Case, CaseStep
from tests.factories import grid as ground
from tests.factories.people import NINGBO, api_token, bearer, division, organisation, person

pytestmark = pytest.mark.django_db
LIST, REGISTER = "/api/v1/cases/", "/api/v1/desk/cases/"


@pytest.fixture(autouse=True)
def _ready():
    ground.ready_city()


@pytest.fixture
def desk(client):
    """A client signed in as somebody who works at every desk."""
    client.force_login(person(("acceptor", "duty_leader", "dispatcher", "collector")), backend=BACKEND)
    return client


BACKEND = "django.contrib.auth.backends.ModelBackend"
REPORT = {
    "class_code": ground.LITTER,
    "longitude": ground.WEST + 0.005,
    "latitude": ground.SOUTH + 0.005,
    "description": "路口有暴露垃圾",
    "address": "测试路1号",
}


def post(client, url, data, **headers):
    return client.post(url, data, content_type="application/json", headers=headers)


def test_a_report_is_registered_once_under_its_key(desk):
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first, second = post(desk, REGISTER, REPORT, **key), post(desk, REGISTER, REPORT, **key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert Case.objects.count() == 1
    assert first.json()["grid_code"] == ground.COMMUNITY + "001"


def test_a_refused_report_names_the_field_and_leaves_nothing(desk):
    answer = post(desk, REGISTER, {**REPORT, "longitude": 30.0, "latitude": 120.0})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.json()["errors"][0]["field"], answer.json()["errors"][0]["code"]) == ("longitude", "swapped")
    assert not Case.objects.exists()


def test_an_unknown_field_is_refused(desk):
    assert post(desk, REGISTER, {**REPORT, "lon": 1}).json()["errors"][0]["field"] == "lon"


def test_a_case_is_read_with_steps_and_moves_and_moved_along(desk):
    case_no = post(desk, REGISTER, REPORT).json()["case_no"]
    detail = desk.get(f"{LIST}{case_no}/").json()
    assert [step["action"] for step in detail["steps"]] == ["01"]
    assert "operator_id" not in detail["steps"][0]
    assert [move["action"] for move in detail["moves"]][:3] == ["accept", "send_verify", "reject"]
    assert detail["moves"][2]["inputs"] == ["reason"]
    moved = post(desk, f"{REGISTER}{case_no}/accept/", {"version": 1})
    assert (moved.status_code, moved.json()["state"], len(moved.json()["steps"])) == (200, "30", 2)
    stale = post(desk, f"{REGISTER}{case_no}/file/", {"version": 1})
    assert (stale.status_code, stale.json()["code"], stale.json()["version"]) == (409, "refused", 2)
    wrong = post(desk, f"{REGISTER}{case_no}/close/", {})
    assert (wrong.status_code, wrong.json()["state"]) == (409, "30")


def test_a_move_without_permission_changes_nothing(client):
    case = ground.registered()
    client.force_login(person("evaluator"), backend=BACKEND)
    assert post(client, f"{REGISTER}{case.case_no}/accept/", {}).status_code == 403
    assert CaseStep.objects.count() == 1


def test_another_citys_case_is_not_there(client):
    case = ground.registered()
    division(NINGBO)
    client.force_login(person("acceptor", division_code=NINGBO), backend=BACKEND)
    assert client.get(f"{LIST}{case.case_no}/").status_code == 404
    assert post(client, f"{REGISTER}{case.case_no}/accept/", {}).status_code == 404
    assert client.get(LIST).json()["results"] == []


def test_without_a_sign_in_it_is_401(client):
    assert client.get(LIST).status_code == 401


def test_a_token_needs_the_scope_to_write(client):
    headers = bearer(api_token(person("acceptor", is_integration=True), scopes=("read",)))
    assert client.get(LIST, headers=headers).status_code == 200
    answer = client.post(REGISTER, REPORT, content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


def test_the_list_is_paged_by_cursor_filtered_and_answers_304(desk, django_assert_num_queries):
    for number in range(5):
        ground.stored_case(description=f"第{number}处", state="80" if number == 0 else "10")
    first = desk.get(LIST, {"page_size": 3})
    assert len(first.json()["results"]) == 3
    rest = desk.get(first.json()["next"])
    assert {row["case_no"] for row in rest.json()["results"]}.isdisjoint(
        row["case_no"] for row in first.json()["results"]
    )
    assert [row["description"] for row in desk.get(LIST, {"q": "第3处"}).json()["results"]] == ["第3处"]
    assert len(desk.get(LIST, {"situation": "finished"}).json()["results"]) == 1
    assert len(desk.get(LIST, {"waiting": "true"}).json()["results"]) == 4
    assert len(desk.get(LIST, {"division": "330102"}).json()["results"]) == 5
    assert desk.get(LIST, {"division": "330105"}).json()["results"] == []
    again = desk.get(LIST, {"page_size": 3}, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_more_cases_take_no_more_queries(desk, django_assert_max_num_queries):
    for _ in range(12):
        ground.stored_case()
    with django_assert_max_num_queries(6):
        assert len(desk.get(LIST).json()["results"]) == 12


def test_a_department_reads_only_its_own(client):
    own = organisation()
    ground.stored_case(duty_org=own.org_code, state="45")
    ground.stored_case(duty_org="other", state="45")
    client.force_login(person("department", organisation=own), backend=BACKEND)
    assert [row["duty_org"] for row in client.get(LIST).json()["results"]] == [own.org_code]


def walked(client, query):
    """The numbers of all cases of a list, page by page."""
    numbers, address = [], f"{LIST}?page_size=1&{query}"
    while address:
        page = client.get(address).json()
        numbers += [case["case_no"] for case in page["results"]]
        address = page["next"]
    return numbers


def test_the_list_comes_in_the_order_asked_for_page_by_page(desk):
    at = timezone.now()
    hour = dt.timedelta(hours=1)
    old = ground.stored_case(reported_at=at - 9 * hour, stage_due_at=at + hour).case_no
    done = ground.stored_case(reported_at=at - 5 * hour, state="80").case_no
    new = ground.stored_case(reported_at=at - hour, stage_due_at=at - hour).case_no
    Case.objects.filter(case_no=old).update(updated_at=at + hour)
    assert walked(desk, "") == walked(desk, "order=newest") == [new, done, old]
    assert walked(desk, "order=oldest") == [old, done, new]
    assert walked(desk, "order=changed") == [done, new, old]
    assert walked(desk, "order=due") == [new, old], "what is finished has no limit that runs"


def test_a_red_light_and_a_passed_deadline_for_closing_are_two_things(desk):
    hour = dt.timedelta(hours=1)
    late_at_the_desk = ground.stored_case(stage_due_at=timezone.now() - hour, close_deadline=timezone.now() + hour)
    late_to_close = ground.stored_case(stage_due_at=timezone.now() + hour, close_deadline=timezone.now() - hour)
    assert walked(desk, "light=red") == [late_at_the_desk.case_no]
    assert walked(desk, "situation=overdue") == [late_to_close.case_no]
    shown = desk.get("/cases/?view=red").content.decode()
    assert (late_at_the_desk.case_no in shown, late_to_close.case_no in shown) == (True, False)
