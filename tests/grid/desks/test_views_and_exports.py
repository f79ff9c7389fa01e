"""Saved views and exports in the background: whose they are, what they hold, what becomes of them."""

import datetime as dt
import io

import openpyxl
import pytest
from django.utils import timezone

from cityops.foundation import exports as workbooks
from cityops.foundation.errors import NotThere, Refused
from cityops.foundation.models import AuditEvent
from grid.desks.models import CaseExport, SavedView
from grid.desks.services import exports, views
from grid.desks.tasks import clear_exports, write_exports
from tests.factories import grid as ground
from tests.factories.people import NINGBO, api_token, bearer, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def town(settings, tmp_path):
    settings.VAR = tmp_path
    ground.ready_city()


@pytest.fixture
def leader(client):
    user = person("duty_leader")
    client.force_login(user)
    return user


def sheet_rows(content):
    return [list(sheet.values) for sheet in openpyxl.load_workbook(io.BytesIO(content), read_only=True)]


def test_a_view_is_kept_shared_with_the_post_and_begins_the_desk(client, leader):
    data = {"desk": "duty_leader", "name": "望江", "query": "tab=close&division=330102&page=3", "is_default": "1",
            "back": "/desks/duty_leader/"}  # fmt: skip
    assert client.post("/desks/views/", data).url == "/desks/duty_leader/"
    view = SavedView.objects.get()
    assert view.query == "tab=close&division=330102"
    assert client.get("/desks/duty_leader/").url == "/desks/duty_leader/?tab=close&division=330102"
    colleague, stranger = person("duty_leader"), person("duty_leader", division_code=NINGBO)
    assert views.views_for(colleague, "duty_leader") == []
    views.save_view(leader, desk="duty_leader", name="望江", query=view.query, is_shared=True)
    assert views.views_for(colleague, "duty_leader") == [view]
    assert views.views_for(stranger, "duty_leader") == []
    with pytest.raises(NotThere):
        views.drop_view(colleague, view.pk)
    views.drop_view(leader, view.pk)
    assert not SavedView.objects.exists()
    assert AuditEvent.objects.filter(action__startswith="desk.").count() == 3


@pytest.mark.parametrize(
    "wrong", [{"desk": "nowhere"}, {"name": ""}, {"name": "长" * 41}, {"query": "q=" + "x" * 1200}]
)
def test_a_view_that_cannot_be_is_refused_in_words(client, leader, wrong):
    good = {"desk": "cases", "name": "甲", "query": "state=10", "back": "/cases/"}
    answer = client.post("/desks/views/", {**good, **wrong}, follow=True)
    assert "note bad" in answer.content.decode()
    assert not SavedView.objects.exists()


def test_an_export_of_the_list_is_written_by_the_worker_and_fetched_by_its_owner_alone(client, leader):
    shown, hidden = ground.stored_case(), ground.stored_case(state="80")
    where = client.post("/desks/exports/", {"desk": "cases", "query": "state=10"}).url
    assert "排队中" in client.get(where).content.decode()
    assert client.get(f"{where}file/").status_code == 409
    assert write_exports() == 1
    export = CaseExport.objects.get()
    assert (export.state, export.rows_done, export.percent) == ("done", 1, 100)
    content = b"".join(client.get(f"{where}file/").streaming_content)
    text = str(sheet_rows(content))
    assert shown.case_no in text
    assert hidden.case_no not in text
    assert AuditEvent.objects.filter(action="case.export", object_key=str(export.pk)).count() == 1
    client.force_login(person("duty_leader"))
    assert client.get(where).status_code == 404
    assert client.get(f"{where}file/").status_code == 404


def test_an_export_of_a_desk_holds_its_queue_and_what_the_owner_may_see(leader):
    late = ground.stored_case(state="50", stage_due_at=timezone.now() - dt.timedelta(hours=1))
    ground.stored_case(state="50", stage_due_at=timezone.now() + dt.timedelta(hours=1))
    ground.stored_case(division_code="330203001001", state="50", stage_due_at=timezone.now() - dt.timedelta(hours=2))
    assert [case.case_no for case in exports.rows_of(leader, "duty_leader", "tab=late")] == [late.case_no]
    assert exports.rows_of(leader, "duty_leader", "tab=decide").count() == 0


def test_a_long_export_goes_over_several_sheets_and_tells_its_progress(leader, monkeypatch):
    monkeypatch.setattr(workbooks, "XLSX_ROWS", 3)
    monkeypatch.setattr(exports, "STEP", 2)
    for _number in range(7):
        ground.stored_case()
    seen = []
    kept = exports._set

    def told(export, **values):
        kept(export, **values)
        seen.append(values.get("rows_done"))

    monkeypatch.setattr(exports, "_set", told)
    export = exports.order_export(leader, "cases", "")
    write_exports()
    assert [number for number in seen if number is not None] == [0, 2, 4, 6, 7]
    assert [len(rows) for rows in sheet_rows(exports.path_of(export).read_bytes())] == [4, 4, 2]


def test_who_lost_the_right_gets_the_failure_said_in_words(client, leader):
    export = exports.order_export(leader, "cases", "")
    leader.groups.clear()
    write_exports()
    export.refresh_from_db()
    assert (export.state, export.message) == ("failed", "您没有导出案件的权限。")


def test_three_at_most_are_under_way(leader):
    for _number in range(exports.MOST_WAITING):
        exports.order_export(leader, "cases", "")
    with pytest.raises(Refused):
        exports.order_export(leader, "cases", "")


def test_a_lost_worker_is_taken_over_and_old_files_go(leader):
    export = exports.order_export(leader, "cases", "")
    CaseExport.objects.update(state="running", beat_at=timezone.now() - dt.timedelta(minutes=11))
    assert write_exports() == 1
    left = exports.folder() / "left.part"
    left.write_bytes(b"x")
    assert clear_exports() == 0
    assert exports.path_of(export).is_file()
    assert not left.exists()
    CaseExport.objects.update(ended_at=timezone.now() - dt.timedelta(days=8))
    assert clear_exports() == 1
    assert not exports.path_of(export).exists()
    with pytest.raises(Refused):
        exports.file_of(leader, export.pk)


def test_the_api_orders_follows_and_keeps_views(client, leader):
    ground.stored_case()
    headers = bearer(api_token(person("duty_leader", is_integration=True)))
    body = {"content_type": "application/json", "headers": headers}
    made = client.post("/api/v1/desks/exports/", {"desk": "cases", "query": ""}, **body)
    assert made.status_code == 202
    write_exports()
    told = client.get(f"/api/v1/desks/exports/{made.json()['export_id']}/", headers=headers).json()
    assert (told["state"], told["percent"]) == ("done", 100)
    assert b"".join(client.get(told["file"], headers=headers).streaming_content).startswith(b"PK")
    view = client.post("/api/v1/desks/views/", {"desk": "cases", "name": "乙", "query": "state=10"}, **body)
    assert view.status_code == 201
    assert [one["name"] for one in client.get("/api/v1/desks/views/", headers=headers).json()] == ["乙"]
    assert client.delete(f"/api/v1/desks/views/{view.json()['id']}/", headers=headers).status_code == 204


def test_the_api_lists_desks_queues_and_who_is_there(client):
    case = ground.registered()
    headers = bearer(api_token(person("acceptor", is_integration=True)))
    desks = client.get("/api/v1/desks/", headers=headers).json()
    assert [(desk["key"], desk["tabs"][0]) for desk in desks] == [("acceptor", {"key": "accept", "count": 1})]
    told = client.get("/api/v1/desks/acceptor/queue/", headers=headers).json()
    assert [row["case_no"] for row in told["rows"]] == [case.case_no]
    assert client.get("/api/v1/desks/nowhere/queue/", headers=headers).status_code == 404
    assert client.get("/api/v1/desks/acceptor/queue/?limit=0", headers=headers).status_code == 400
    assert client.post(f"/api/v1/desks/presence/{case.case_no}/", headers=headers).json() == []
