"""Pages and API of the inventory: what they show, what they change, and that both codes lead to the thing."""

import json

import pytest

from grid.models import CodeConversion, Component, ComponentChange, ComponentCheck
from grid.rules.codes import CURRENT, GBT_30428
from grid.services.conversion.plan import Wish
from grid.services.conversion.run import convert_codes
from sync.standard.models import DictionaryVersion
from tests.factories import grid as ground
from tests.factories.ground import COVER, FIRST, component
from tests.factories.people import api_token, bearer, organisation, person

pytestmark = pytest.mark.django_db
OLD = "3301020101000007"
API = "/api/v1/"


@pytest.fixture
def city():
    DictionaryVersion.objects.create(
        kind="classes", code=CURRENT, title="分类", source="tests", provenance="transcribed",
        valid_from="2026-07-01", is_default=True, content_sha=b"\0" * 32,
    )  # fmt: skip
    ground.city()
    ground.unit_grid()
    ground.class_entry(COVER, kind="1", name="供水井盖")
    ground.class_entry("0101", kind="1", name="上水井盖", version=GBT_30428, std_code=COVER)
    ground.class_entry("0101", name="私搭乱建", version=GBT_30428, std_code="06001")
    ground.class_entry("0501", kind="1", name="人防工事", version=GBT_30428)
    organisation("ZG0000000000000001", name="测试城管局")
    component()


@pytest.fixture
def officer(client, city):
    user = person("data_officer")
    client.force_login(user)
    return user


@pytest.fixture
def robot(city):
    return bearer(api_token(person("data_officer", is_integration=True)))


def page(client, url: str) -> str:
    answer = client.get(url, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def converted() -> Component:
    """A component that had an id of the older standard."""
    thing = component(OLD, class_code="0101", std_ref=GBT_30428)
    convert_codes(Wish(CURRENT))
    thing.refresh_from_db()
    return thing


def test_a_component_is_recorded_by_hand(client, officer):
    form = {
        "class_code": COVER, "longitude": ground.WEST + 0.002, "latitude": ground.SOUTH + 0.002,
        "coordinate_system": "CGCS2000", "dept_name1": "测试城管局",
    }  # fmt: skip
    assert 'list="unit-names"' in page(client, "/ground/new-component/")
    answer = client.post("/ground/new-component/", form)
    made = Component.objects.exclude(obj_id=FIRST).get()
    assert answer.headers["Location"] == f"/ground/components/{made.obj_id}/"
    assert made.dept_code1 == "ZG0000000000000001"
    refused = client.post("/ground/new-component/", {**form, "longitude": 121})
    assert refused.status_code == 400
    assert "不在任何单元网格内" in refused.content.decode()


def test_a_move_needs_a_reason_and_shows_in_the_history(client, officer):
    url = f"/ground/components/{FIRST}/place/"
    place = {"longitude": ground.WEST + 0.001, "latitude": ground.SOUTH + 0.001, "coordinate_system": "CGCS2000"}
    assert client.post(url, place).status_code == 400
    assert not ComponentChange.objects.exists()
    assert client.post(url, {**place, "reason": "道路改造"}).status_code == 302
    shown = page(client, f"/ground/components/{FIRST}/?on=2026-06-01")
    assert "道路改造" in shown
    assert "2026-06-01 日终的情况" in shown
    assert "还没有这个部件" in page(client, f"/ground/components/{FIRST}/?on=2025-06-01")


def test_ticked_components_change_their_state(client, officer):
    assert 'name="obj_id"' in page(client, "/ground/components/")
    asked = {"obj_id": [FIRST], "state": "02", "reason": "巡查", "back": "state=01"}
    answer = client.post("/ground/component-states/", asked)
    assert answer.headers["Location"] == "/ground/components/?state=01"
    assert Component.objects.get().state == "02"


def test_a_check_goes_from_the_case_to_the_record(client, officer):
    case = ground.stored_case(kind="1", component_id=FIRST)
    assert f"/ground/checks/new/?case={case.case_no}" in page(client, f"/cases/{case.case_no}/")
    assert FIRST in page(client, f"/ground/checks/new/?case={case.case_no}")
    asked = {
        "finding": "differs", "obj_id": FIRST, "case_no": case.case_no, "description": "是雨水井盖",
        "obj_name": "雨水井盖",
    }  # fmt: skip
    client.post("/ground/checks/new/", asked)
    check = ComponentCheck.objects.get()
    url = f"/ground/checks/{check.pk}/"
    assert "雨水井盖" in page(client, url)
    assert str(check.pk) in page(client, "/ground/checks/?state=unsettled")
    assert "是雨水井盖" in page(client, f"/ground/components/{FIRST}/")
    client.post(f"{url}assign/", {"assignee": officer.username})
    assert client.post(f"{url}settle/", {"outcome": "corrected"}).status_code == 400
    client.post(f"{url}settle/", {"outcome": "corrected", "opinion": "核实"})
    check.refresh_from_db()
    assert (check.assignee, check.outcome) == (officer, "corrected")
    assert Component.objects.get().obj_name == "雨水井盖"
    text = b"".join(client.get("/ground/checks/?format=csv").streaming_content).decode()
    assert "台账已更正" in text


def test_the_completeness_page_and_its_file_show_each_class(client, officer):
    shown = page(client, "/ground/completeness/?grids=1")
    assert "供水井盖" in shown
    assert "D1" in shown
    text = b"".join(client.get("/ground/completeness/?format=csv").streaming_content).decode()
    assert "供水井盖" in text


def test_a_trial_is_kept_with_its_losses_and_changes_nothing(client, officer):
    component("3301020501000001", class_code="0501", std_ref=GBT_30428)
    kept = list(Component.objects.order_by("pk").values())
    answer = client.post("/ground/codes/try/", {"to_std": CURRENT, "kinds": ["components"]})
    run = CodeConversion.objects.get()
    assert answer.headers["Location"] == f"/ground/codes/{run.pk}/"
    assert "人防工事" in page(client, f"/ground/codes/{run.pk}/")
    assert "没有对应分类" in b"".join(client.get(f"/ground/codes/{run.pk}/?format=csv").streaming_content).decode()
    assert officer.username in page(client, "/ground/codes/") or run.started_by in page(client, "/ground/codes/")
    assert list(Component.objects.order_by("pk").values()) == kept
    bad = client.post("/ground/codes/try/", {"to_std": CURRENT, "kinds": ["components"], "division": "990000000000"})
    assert bad.status_code == 400


def test_both_codes_are_found_everywhere(client, officer, robot):
    thing = converted()
    case = ground.stored_case(kind="1", component_id=OLD, std_ref=GBT_30428, class_code="0101", state="50")
    target = f"/ground/components/{thing.obj_id}/"
    for code in (OLD, thing.obj_id):
        assert client.get("/cases/search/", {"q": code}).headers["Location"] == target
        assert thing.obj_id in page(client, f"/ground/components/{code}/")
        assert thing.obj_id in page(client, f"/ground/components/?q={code}")
        assert case.case_no in page(client, f"/cases/?q={code}")
        one = client.get(f"{API}components/{code}/", headers=robot).json()
        assert (one["obj_id"], one["former_ids"]) == (thing.obj_id, [OLD])
        rows = client.get(f"{API}cases/?q={code}", headers=robot).json()["results"]
        assert [row["case_no"] for row in rows] == [case.case_no]
    assert OLD in page(client, target)
    assert case.case_no in page(client, target)


@pytest.mark.parametrize("code", ["0101", "06001", "3301020101", "33010206001"])
def test_a_filed_case_is_found_by_its_class_and_matter_code_of_either_standard(client, officer, robot, code):
    ground.class_entry("06001", name="私搭乱建")
    case = ground.stored_case(
        std_ref=GBT_30428, class_code="0101", matter_code="3301020101", state="50", filed_at="2026-01-01T00:00Z"
    )
    convert_codes(Wish(CURRENT))
    asked = "class_code" if len(code) < 6 else "q"
    rows = client.get(f"{API}cases/?{asked}={code}", headers=robot).json()["results"]
    assert case.case_no in [row["case_no"] for row in rows]


def post(client, robot, path: str, values: dict) -> object:
    return client.post(f"{API}{path}", json.dumps(values), content_type="application/json", headers=robot)


def test_the_api_does_the_same(client, robot):
    place = {"longitude": ground.WEST + 0.001, "latitude": ground.SOUTH + 0.001}
    made = post(client, robot, "ground/components/", {"class_code": COVER, "dept_name1": "测试城管局", **place})
    assert made.status_code == 201
    code = made.json()["obj_id"]
    assert post(client, robot, f"components/{code}/place/", {"reason": "x"}).status_code == 400
    assert post(client, robot, f"components/{code}/place/", {"reason": "x", **place}).status_code == 200
    done = post(client, robot, "ground/component-states/", {"obj_ids": [code], "state": "02", "reason": "x"})
    assert done.json() == {"changed": [code], "same": [], "refused": {}}
    kinds = [row["kind"] for row in client.get(f"{API}components/{code}/changes/", headers=robot).json()["results"]]
    assert kinds == ["state", "created"]
    day = client.get(f"{API}components/{code}/as-of/?day=2020-01-01", headers=robot).json()
    assert day["was_there"] is False
    assert client.get(f"{API}components/{code}/as-of/", headers=robot).status_code == 400
    raised = post(client, robot, "component-checks/", {"finding": "missing", "description": "x", "obj_id": code})
    number = raised.json()["id"]
    assert client.get(f"{API}component-checks/{number}/", headers=robot).json()["obj_id"] == code
    settled = post(client, robot, f"component-checks/{number}/settle/", {"outcome": "removed", "opinion": "x"})
    assert settled.json()["state"] == "settled"
    report = client.get(f"{API}completeness/?grids=true", headers=robot).json()
    assert (report["whole"]["number"], len(report["ticks"])) == (1, 6)
