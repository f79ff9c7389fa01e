"""Pages and API of unit grids, components and imports: what they show, to whom, and what they change."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from cityops.foundation.models import AuditEvent
from grid.models import Case, Component, ImportRun
from tests.factories import grid as ground
from tests.factories.ground import COVER, FIRST, component
from tests.factories.people import NINGBO, api_token, bearer, person

pytestmark = pytest.mark.django_db
MAPPING = """
[columns]
grid_code = "code"
name = "name"
"""


@pytest.fixture
def city():
    ground.city()
    ground.unit_grid(name="一号网格")
    ground.class_entry(COVER, kind="1", name="供水井盖")
    component()


@pytest.fixture
def officer(client):
    user = person("data_officer")
    client.force_login(user)
    return user


@pytest.fixture
def var(settings, tmp_path):
    settings.VAR = tmp_path
    return tmp_path


READS = [
    "/ground/grids/",
    f"/ground/grids/{ground.COMMUNITY}001/",
    "/ground/components/",
    f"/ground/components/{FIRST}/",
    f"/ground/components/{FIRST}/edit/",
    "/ground/imports/",
    "/ground/imports/new/",
]


@pytest.mark.parametrize("url", READS)
def test_every_page_opens_for_the_data_officer(client, city, officer, url):
    assert client.get(url).status_code == 200


@pytest.mark.parametrize("url", [READS[1], READS[3], READS[4]])
def test_what_another_city_has_is_not_there(client, city, url):
    client.force_login(person("data_officer", division_code=NINGBO))
    assert client.get(url).status_code == 404


@pytest.mark.parametrize("url", READS)
def test_who_is_not_signed_in_is_sent_to_sign_in(client, city, url):
    answer = client.get(url)
    assert answer.status_code == 302
    assert "next=" in answer.headers["Location"]


@pytest.mark.parametrize("url", READS)
def test_who_has_no_role_gets_403(client, city, url):
    client.force_login(person(()))
    assert client.get(url).status_code == 403


def test_lists_of_another_city_are_empty(client, city):
    client.force_login(person("data_officer", division_code=NINGBO))
    assert FIRST not in client.get("/ground/components/").content.decode()
    assert ground.COMMUNITY + "001" not in client.get("/ground/grids/").content.decode()
    assert FIRST not in b"".join(client.get("/ground/components/export/?format=csv").streaming_content).decode()


def test_a_list_is_narrowed_by_its_filter(client, city, officer):
    assert FIRST in client.get("/ground/components/?class_code=01&state=01").content.decode()
    assert FIRST not in client.get("/ground/components/?state=02").content.decode()
    assert client.get("/ground/components/?state=77").status_code == 400
    assert "一号网格" in client.get("/ground/grids/?q=一号").content.decode()


def test_a_list_costs_the_same_for_many_rows(client, city, officer, django_assert_num_queries):
    for number in range(2, 30):
        component(f"33010201001{number:06d}")
    client.get("/ground/components/")
    with django_assert_num_queries(10, exact=False) as counted:
        client.get("/ground/components/")
    first = len(counted)
    for number in range(30, 60):
        component(f"33010201001{number:06d}")
    with django_assert_num_queries(first):
        client.get("/ground/components/")


def test_the_state_of_a_component_changes_with_an_audit_entry(client, city, officer):
    client.post(f"/ground/components/{FIRST}/state/", {"state": "02", "reason": "巡查发现破损"})
    changed = Component.objects.get(obj_id=FIRST)
    assert changed.state == "02"
    assert changed.change_date is not None
    entry = AuditEvent.objects.get(action="component.change_state")
    assert (entry.before, entry.after, entry.reason) == ({"state": "01"}, {"state": "02"}, "巡查发现破损")


def test_a_removed_component_stays_removed(client, city):
    Component.objects.update(state="05")
    token = api_token(person("data_officer", is_integration=True))
    answer = client.post(
        f"/api/v1/components/{FIRST}/state/",
        json.dumps({"state": "01"}),
        content_type="application/json",
        headers=bearer(token),
    )
    assert answer.status_code == 409
    assert answer.json()["code"] == "component_state_refused"
    assert Component.objects.get().state == "05"


def test_a_replica_is_read_only(client, city, officer):
    Component.objects.update(origin_code="330200000000-C")
    client.post(f"/ground/components/{FIRST}/state/", {"state": "02"})
    client.post(f"/ground/components/{FIRST}/edit/", {"obj_name": "改名"})
    assert Component.objects.get().state == "01"
    assert Component.objects.get().obj_name == "供水井盖"


def test_edited_fields_are_saved_with_before_and_after(client, city, officer):
    client.post(f"/ground/components/{FIRST}/edit/", {"obj_name": "供水井盖", "dept_name3": "测试养护公司"})
    assert Component.objects.get().dept_name3 == "测试养护公司"
    assert AuditEvent.objects.get(action="component.edit").after == {"dept_name3": "测试养护公司"}


def test_the_api_gives_the_same_ground(client, city):
    token = api_token(person("data_officer", is_integration=True))
    rows = client.get("/api/v1/components/?grid=" + ground.COMMUNITY + "001", headers=bearer(token)).json()["results"]
    assert [row["obj_id"] for row in rows] == [FIRST]
    one = client.get(f"/api/v1/grids/{ground.COMMUNITY}001/", headers=bearer(token))
    assert one.json()["geometry"]["type"] == "Polygon"
    again = client.get(
        f"/api/v1/grids/{ground.COMMUNITY}001/", headers={**bearer(token), "If-None-Match": one.headers["ETag"]}
    )
    assert again.status_code == 304
    assert client.get("/api/v1/components/33010201001999999/", headers=bearer(token)).status_code == 404


def _upload(name: str, text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


def test_an_upload_is_checked_and_tells_every_fault(client, city, officer, var):
    wrong = {"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"code": "330102001999001", "name": "甲"},
         "geometry": {"type": "Polygon", "coordinates": [[[120.02, 30], [120.03, 30], [120.03, 30.01], [120.02, 30]]]}},
    ]}  # fmt: skip
    answer = client.post(
        "/ground/imports/new/",
        {"kind": "grids", "file": _upload("g.geojson", json.dumps(wrong)), "mapping": _upload("m.toml", MAPPING)},
    )
    run = ImportRun.objects.get()
    assert answer.headers["Location"] == f"/ground/imports/{run.pk}/"
    assert (run.state, run.rows_taken, run.rows_refused) == ("refused", 0, 1)
    page = client.get(answer.headers["Location"]).content.decode()
    assert "330102001999" in page
    lines = b"".join(client.get(f"/ground/imports/{run.pk}/issues.csv").streaming_content).decode("utf-8-sig")
    assert "unknown_division" in lines
    assert not list((var / "imports").rglob("*.upload"))


@pytest.mark.usefixtures("officer", "var")
@pytest.mark.parametrize(
    ("name", "mapping", "said"),
    [("g.exe", MAPPING, "只接受"), ("g.csv", "[nonsense]", "nonsense"), ("g.csv", "not toml", "TOML")],
)
def test_a_wrong_file_or_mapping_is_refused_at_the_form(client, name, mapping, said):
    answer = client.post(
        "/ground/imports/new/",
        {"kind": "grids", "file": _upload(name, "code,name\n"), "mapping": _upload("m.toml", mapping)},
    )
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not ImportRun.objects.exists()


def test_the_province_has_no_import(client, city, as_tier):
    as_tier("provincial")
    client.force_login(person("data_officer", division_code="330000000000"))
    assert client.get("/ground/imports/").status_code == 404
    assert client.get(f"/ground/components/{FIRST}/").status_code == 200
    assert not Case.objects.exists()
