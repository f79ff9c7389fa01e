"""Pages of the desks: who opens which, what they show, what is refused, how much they ask the database."""

import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityops.foundation.models import AuditEvent
from grid.desks.rules.desks import DESKS
from grid.models import Case, CaseStep
from grid.services.cases import act
from tests.factories import grid as ground
from tests.factories.people import HANGZHOU, NINGBO, organisation, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def town():
    ground.ready_city()


@pytest.fixture
def department():
    return organisation("CZ0001", name="测试环卫所")


@pytest.fixture
def acceptor(client):
    user = person("acceptor")
    client.force_login(user)
    return user


def hidden(case, **more):
    return {"version": case.version, "desk": "acceptor", "query": "tab=accept", "seq": 1, **more}


@pytest.mark.parametrize(
    ("role", "first"),
    [("acceptor", "acceptor"), ("duty_leader", "acceptor"), ("dispatcher", "dispatcher"), ("department", "department"),
     ("leader", "supervision")],
)  # fmt: skip
def test_a_person_is_sent_to_the_first_desk_of_the_own_post(client, role, first):
    client.force_login(person(role))
    assert client.get("/desks/").url == f"/desks/{first}/"
    assert client.get(f"/desks/{first}/").status_code == 200


def test_a_desk_of_another_post_is_closed(client, acceptor):
    assert [client.get(f"/desks/{key}/").status_code for key in DESKS] == [200, 403, 403, 403, 403]


def test_a_desk_shows_case_photos_conditions_and_what_each_would_bring(client, acceptor):
    case = ground.registered()
    page = client.get("/desks/acceptor/").content.decode()
    assert case.case_no in page
    assert "处置前" in page
    assert "处置后" in page
    assert "立案条件1" in page
    assert re.search(r"立案条件1.*到期", page)
    assert 'data-desk-key="a"' in page
    assert "“待立案”时可用" in page


def test_another_citys_case_is_on_no_desk(client):
    case = ground.registered()
    client.force_login(person("acceptor", division_code=NINGBO))
    assert case.case_no not in client.get("/desks/acceptor/").content.decode()
    assert client.get(f"/desks/acceptor/{case.case_no}/").status_code == 404
    assert client.post(f"/desks/presence/{case.case_no}/").status_code == 404
    assert client.post(f"/desks/act/{case.case_no}/accept/").status_code == 404


def test_accepting_goes_on_with_the_next_case(client, acceptor):
    first, second = ground.registered(), ground.registered(address="另一处")
    answer = client.post(f"/desks/act/{first.case_no}/accept/", hidden(first, next=second.case_no))
    assert answer.url == f"/desks/acceptor/{second.case_no}/?tab=accept"
    first.refresh_from_db()
    assert first.state == "30"


def test_a_class_chosen_by_pinyin_corrects_the_case_and_stays_there(client, acceptor):
    case = ground.registered()
    ground.class_version()
    ground.class_entry("06002", name="店外经营")
    answer = client.post(f"/desks/act/{case.case_no}/correct/", hidden(case, class_key="2-06002"))
    assert answer.url.startswith(f"/desks/acceptor/{case.case_no}/")
    case.refresh_from_db()
    assert case.class_code == "06002"


def test_a_stale_save_is_refused_with_the_difference_and_can_be_sent_again(client, acceptor):
    case = ground.registered()
    seen = json.dumps({"state": "已上报", "description": case.description, "address": case.address})
    act(person("acceptor", name="钱某"), case, "correct", description="井盖缺失", opinion="看过照片")
    answer = client.post(
        f"/desks/act/{case.case_no}/correct/",
        hidden(case, seen=seen, description="垃圾两处", opinion="现场核过"),
    )
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "钱某" in page
    assert "路口有暴露垃圾" in page
    assert "垃圾两处" in page
    assert "井盖缺失" in page
    assert "现场核过" in page
    assert Case.objects.get(pk=case.pk).description == "井盖缺失"
    version = re.search(r'id="resend".*?name="version" value="(\d+)"', page, re.DOTALL)[1]
    again = {**hidden(case), "version": version, "description": "垃圾两处", "opinion": "现场核过"}
    assert client.post(f"/desks/act/{case.case_no}/correct/", again).status_code == 302
    assert Case.objects.get(pk=case.pk).description == "垃圾两处"


def test_what_is_no_longer_open_says_what_is_allowed_and_keeps_the_words(client, acceptor):
    case = ground.registered()
    act(person("acceptor"), case, "accept")
    data = hidden(case, reason="01", opinion="不属本区")
    answer = client.post(f"/desks/act/{case.case_no}/send_verify/", data)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "不属本区" in page
    assert "立案" in page
    assert Case.objects.get(pk=case.pk).state == "30"


def test_a_missing_input_is_said_at_the_desk(client, acceptor):
    case = ground.registered()
    answer = client.post(f"/desks/act/{case.case_no}/reject/", hidden(case, opinion="不对"))
    assert answer.status_code == 422
    assert "不对" in answer.content.decode()


def test_a_number_that_is_none_is_no_fault_of_the_server(client, acceptor):
    case = ground.registered(acceptor)
    huge = "9" * 5000
    beat = client.post(f"/desks/presence/{case.case_no}/", {"seq": huge, "version": huge})
    assert beat.status_code == 200
    answer = client.post(f"/desks/act/{case.case_no}/urge/", hidden(case, version=huge, seq=huge))
    assert answer.status_code < 500
    assert client.post("/desks/bulk/", {"case": case.case_no, f"version_{case.case_no}": huge}).status_code < 500


def test_two_people_see_each_other_and_what_the_other_did(client, acceptor):
    case = ground.registered()
    other = person("acceptor", name="孙某")
    assert "同时打开" not in client.post(f"/desks/presence/{case.case_no}/", {"seq": 1, "version": 1}).content.decode()
    client.force_login(other)
    client.get(f"/desks/acceptor/{case.case_no}/")
    act(other, case, "accept")
    client.force_login(acceptor)
    strip = client.post(f"/desks/presence/{case.case_no}/", {"seq": 1, "version": case.version}).content.decode()
    assert "孙某" in strip
    assert "受理" in strip
    assert "data-desk-reload" in strip


def test_without_a_cache_nobody_is_shown_and_nothing_fails(client, acceptor, settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    case = ground.registered()
    assert client.get(f"/desks/acceptor/{case.case_no}/").status_code == 200
    beat = client.post(f"/desks/presence/{case.case_no}/", {"seq": 1, "version": case.version})
    assert beat.content.strip() == b""


def test_the_queue_asks_again_for_nothing_while_nothing_changed(client, acceptor, settings):
    case = ground.registered()
    target = {"HX-Target": "queue"}
    first = client.get("/desks/acceptor/?tab=accept", headers=target)
    known = {**target, "If-None-Match": first.headers["ETag"]}
    assert case.case_no in first.content.decode()
    if client.get("/desks/acceptor/?tab=accept", headers=known).status_code == 200:  # the minute has just turned
        known["If-None-Match"] = client.get("/desks/acceptor/?tab=accept", headers=target).headers["ETag"]
    assert client.get("/desks/acceptor/?tab=accept", headers=known).status_code == 304
    act(acceptor, case, "accept")
    third = client.get("/desks/acceptor/?tab=accept", headers=known)
    assert third.status_code == 200
    assert case.case_no not in third.content.decode()


def test_a_desk_costs_the_same_however_many_cases_wait(client, acceptor):
    ground.registered()
    client.get("/desks/acceptor/")
    with CaptureQueriesContext(connection) as few:
        client.get("/desks/acceptor/")
    for number in range(12):
        ground.registered(address=f"测试路{number + 2}号", longitude=120.001 + number * 0.0007)
    with CaptureQueriesContext(connection) as many:
        client.get("/desks/acceptor/")
    assert len(many) == len(few)
    assert len(few) <= 40


def test_single_keys_are_turned_off_for_the_person(client, acceptor):
    ground.registered()
    assert "data-keys-off" not in client.get("/desks/acceptor/").content.decode()
    assert client.post("/desks/keys/", {"off": "1", "back": "/desks/acceptor/"}).url == "/desks/acceptor/"
    assert "data-keys-off" in client.get("/desks/acceptor/").content.decode()
    assert client.post("/desks/keys/", {"off": "0", "back": "//evil.example/"}).url == "/desks/"
    assert AuditEvent.objects.filter(action="desk.turn_keys").count() == 2


def test_dispatch_says_when_it_would_be_due_and_why_this_department(client, department):
    case = ground.registered()
    leader = person("duty_leader")
    act(leader, case, "accept")
    act(leader, case, "file", rule="")
    client.force_login(person("dispatcher"))
    page = client.get("/desks/dispatcher/").content.decode()
    assert "现在派遣" in page
    assert "测试环卫所" in page
    case.refresh_from_db()
    answer = client.post(
        f"/desks/act/{case.case_no}/dispatch/",
        {"version": case.version, "desk": "dispatcher", "duty_org": "CZ0001", "query": "tab=dispatch"},
    )
    assert answer.url == "/desks/dispatcher/?tab=dispatch"
    assert CaseStep.objects.filter(case=case, action="07").count() == 1
    assert HANGZHOU.startswith(case.division_code[:4])
