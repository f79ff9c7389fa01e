"""Pages and API of places, as those see them who work with them."""

import io
import json

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from grid.places.models import MatchReport, Place
from grid.places.selectors.reports import hit_rate
from tests.factories import grid as ground
from tests.factories.people import api_token, bearer, division, person
from tests.factories.places import door, place

pytestmark = pytest.mark.django_db
FORM = {
    "place_name": "新天地",
    "place_type": "06",
    "std_address": "中山路12号",
    "longitude": str(ground.WEST + 0.005),
    "latitude": str(ground.SOUTH + 0.005),
}


@pytest.fixture
def city(db):
    ground.city()
    ground.unit_grid()
    division("330102000000", name="上城区")


@pytest.fixture
def officer(city, client):
    client.force_login(person("data_officer"))
    return client


@pytest.mark.parametrize(
    ("q", "count"), [("", 2), ("文化", 1), ("文化广场", 1), ("中山路", 1), ("330102", 2), ("无", 0)]
)
def test_the_list_is_narrowed(officer, q, count):
    place()
    door("中山路", 10)
    response = officer.get(reverse("place-list"), {"q": q})
    assert response.context["page"].paginator.count == count


def test_a_place_is_made_changed_and_retired(officer):
    made = officer.post(reverse("place-new"), FORM)
    new = Place.objects.get()
    assert made.url == reverse("place-detail", args=[new.place_id])
    officer.post(reverse("place-edit", args=[new.place_id]), {**FORM, "place_name": "老天地", "keeps_old_name": "on"})
    assert "新天地" in officer.get(made.url).content.decode()
    assert officer.post(reverse("place-retire", args=[new.place_id]), {"reason": ""}).status_code == 400
    officer.post(reverse("place-retire", args=[new.place_id]), {"reason": "拆除"})
    assert Place.objects.get(pk=new.pk).valid == "0"
    assert "已停用的地名" in officer.get(made.url).content.decode()


def test_a_form_that_is_refused_says_why_and_keeps_what_was_typed(officer):
    response = officer.post(reverse("place-new"), {**FORM, "longitude": "121.5"})
    assert response.status_code == 400
    assert "坐标不在任何单元网格内" in response.content.decode()
    assert "新天地" in response.content.decode()


def test_options_fill_a_point(officer):
    known = place()
    part = officer.get(reverse("place-options"), {"text": "文化广场"}, headers={"HX-Request": "true"}).content.decode()
    assert f'value="{known.place_id}"' in part
    assert f'data-longitude="{known.geom.x:.7f}"' in part
    assert "<html" not in part
    assert "<html" in officer.get(reverse("place-options"), {"text": "文化广场"}).content.decode()
    none = officer.get(reverse("place-options"), {"address": "无此处"}, headers={"HX-Request": "true"})
    assert "没有符合" in none.content.decode()


def test_what_is_near_a_point(officer):
    place(east_m=-30)
    at = {"longitude": ground.WEST + 0.005, "latitude": ground.SOUTH + 0.005}
    assert "测试文化广场东侧 30 米" in officer.get(reverse("place-near"), at).content.decode()
    assert officer.get(reverse("place-near"), {"longitude": "x", "latitude": "1"}).status_code == 400


def test_a_file_of_addresses_becomes_a_report_that_can_be_downloaded(officer):
    door("中山路", 10)
    book = openpyxl.Workbook()
    for row in (["编号", "地址"], [1, "中山路10号"], [2, "中山路900号"], [3, "无此处"]):
        book.active.append(row)
    kept = io.BytesIO()
    book.save(kept)
    upload = SimpleUploadedFile("addresses.xlsx", kept.getvalue())
    sent = officer.post(reverse("place-match-list"), {"file": upload})
    report = MatchReport.objects.get()
    assert sent.url == reverse("place-match-detail", args=[report.pk])
    assert (report.total, report.found, report.ambiguous, report.missing) == (3, 1, 1, 1)
    page = officer.get(sent.url)
    assert "命中率 33.3%" in page.content.decode()
    assert len(officer.get(sent.url, {"verdict": "missing"}).context["rows"]) == 1
    file = b"".join(officer.get(reverse("place-match-export", args=[report.pk])).streaming_content)
    rows = list(openpyxl.load_workbook(io.BytesIO(file)).active.iter_rows(values_only=True))
    assert [row[2] for row in rows] == ["结果", "命中", "不唯一", "未找到"]
    assert rows[1][3] == "中山路10号"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.pdf", b"x", "只接受"),
        ("a.csv", "编号,名称\n1,x\n".encode(), "找不到地址列"),
        ("a.csv", "地址\n".encode(), "没有地址"),
        ("a.xlsx", b"no workbook", "xlsx"),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_reason(officer, name, content, told):
    response = officer.post(reverse("place-match-list"), {"file": SimpleUploadedFile(name, content)})
    assert response.status_code == 400
    assert told in response.content.decode()
    assert not MatchReport.objects.exists()


def test_the_command_matches_and_the_hit_rate_is_there_for_the_acceptance(city, tmp_path):
    for number in range(1, 101):
        door("中山路", number)
    assert hit_rate() is None
    path = tmp_path / "a.csv"
    path.write_text(
        "\n".join(["地址", *(f"中山路{n}号" for n in range(1, 48)), "无此处", "无此地", "无"]), encoding="utf-8"
    )
    told = io.StringIO()
    call_command("match_addresses", path, "--json", stdout=told, stderr=io.StringIO())
    facts = json.loads(told.getvalue())
    assert (facts["total"], facts["found"], facts["hit_rate_percent"]) == (50, 47, "94.0")
    rate = hit_rate()
    assert (rate.percent, rate.is_enough) == (94, True)


# --- API


@pytest.fixture
def api(city, client):
    headers = bearer(api_token(person("data_officer", is_integration=True)))

    def ask(method, path, body=None, **query):
        sent = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return getattr(client, method)(path, **(sent or {"data": query}), headers=headers)

    return ask


def test_the_api_finds_both_ways(api):
    known = door("中山路", 10)
    found = api("get", reverse("api:place-search"), text="上城区中山路10号").json()
    assert (found["verdict"], found["candidates"][0]["place_id"]) == ("found", known.place_id)
    assert found["candidates"][0]["reasons"] == ["door", "name"]
    spot = api("get", reverse("api:place-reverse"), lon=known.geom.x, lat=known.geom.y).json()
    assert (spot["grid_code"], spot["nearby"][0]["place_name"]) == (known.grid_code, "中山路10号")
    assert api("get", reverse("api:place-reverse"), lon="x", lat=1).status_code == 400
    matched = api("post", reverse("api:place-match"), {"addresses": ["中山路10号", "无此处"]}).json()
    assert (matched["found"], matched["missing"], matched["hit_rate_percent"]) == (1, 1, "50.0")


def test_the_api_makes_changes_and_retires(api):
    body = {**FORM, "longitude": float(FORM["longitude"]), "latitude": float(FORM["latitude"])}
    made = api("post", reverse("api:place-list"), body)
    assert made.status_code == 201
    address = reverse("api:place-detail", args=[made.json()["place_id"]])
    changed = api("patch", address, {"alias": "红楼"}).json()
    assert (changed["alias"], changed["place_name"]) == ("红楼", "新天地")
    assert api("patch", address, {"grid_code": "1"}).status_code == 400
    retired = api("post", reverse("api:place-retire", args=[made.json()["place_id"]]), {"reason": "拆除"}).json()
    assert (retired["valid"], retired["note"]) == ("0", "已停用的地名")
    assert api("patch", address, {"alias": "x"}).status_code == 409
    assert [row["place_id"] for row in api("get", reverse("api:place-list"), q="新天地").json()["results"]] == [
        made.json()["place_id"]
    ]
