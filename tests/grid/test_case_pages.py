"""Pages of cases: list, one case, export, register and act; what a person may not see is not there."""

import uuid
from io import BytesIO
from urllib.parse import urlencode

import openpyxl
import pytest

from cityops.foundation import exports, paging
from cityops.foundation.models import AuditEvent
from grid.models import Case
from grid.rules.codes import CURRENT
from sync.standard.models import DictionaryVersion
from tests.factories import grid as ground
from tests.factories import people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def city():
    ground.ready_city()


@pytest.fixture
def case():
    return ground.registered()


@pytest.fixture
def leader(client):
    user = people.person(("duty_leader", "acceptor"))
    client.force_login(user)
    return user


def test_the_list_shows_a_case_and_filters_take_it_away(client, leader, case):
    assert case.case_no in client.get("/cases/").content.decode()
    assert case.case_no not in client.get("/cases/?state=80").content.decode()
    part = client.get("/cases/?q=" + case.case_no, headers={"HX-Request": "true", "HX-Target": "results"})
    assert part.content.decode().strip().startswith('<div id="results"')


def test_a_list_costs_the_same_number_of_queries_however_long_it_is(client, leader, case, django_assert_num_queries):
    client.get("/cases/")
    with django_assert_num_queries(14, exact=False) as first:
        client.get("/cases/")
    row = Case.objects.get(pk=case.pk)
    for number in range(5):
        row.pk, row.case_no = None, f"{case.case_no[:-3]}{number + 900}"
        row._state.adding = True
        row.rid = uuid.uuid4()
        row.save()
    with django_assert_num_queries(len(first.captured_queries)):
        client.get("/cases/")


@pytest.mark.parametrize("page", ["/cases/{no}/", "/cases/?q={no}", "/cases/search/?q={no}", "/cases/export/?q={no}"])
def test_another_citys_case_is_nowhere(client, case, page):
    client.force_login(people.person(("duty_leader", "analyst"), division_code=people.NINGBO))
    answer = client.get(page.format(no=case.case_no), follow=True)
    if page.endswith("{no}/"):
        assert answer.status_code == 404
    elif "export" in page:
        sheet = openpyxl.load_workbook(BytesIO(b"".join(answer.streaming_content))).active
        assert sheet.max_row == 1
    else:
        assert f"/cases/{case.case_no}/" not in answer.content.decode()


def test_an_export_holds_what_the_list_shows_and_is_audited(client, leader, case):
    answer = client.get("/cases/export/?view=open")
    sheet = openpyxl.load_workbook(BytesIO(b"".join(answer.streaming_content))).active
    heads, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    shown = dict(zip(heads, rows[0], strict=True))
    assert (len(rows), shown["案件号"], shown["灯号"], shown["环节"]) == (1, case.case_no, "绿", "已上报")
    assert shown["剩余时间"].startswith("剩 ")
    assert AuditEvent.objects.filter(action="case.export", user_id=leader.pk).count() == 1


def test_a_move_is_made_from_the_page_and_an_old_page_is_refused(client, leader, case):
    address = f"/desk/{case.case_no}/accept/"
    assert client.get(f"/cases/{case.case_no}/").content.decode().count(address) == 1
    assert client.post(address, {"version": case.version}).status_code == 302
    case.refresh_from_db()
    assert case.state == "30"
    client.post(f"/desk/{case.case_no}/reject/", {"version": 1, "reason": "02"})
    case.refresh_from_db()
    assert case.state == "30"


def test_a_move_without_its_input_says_so_at_the_field_and_changes_nothing(client, leader, case):
    answer = client.post(f"/desk/{case.case_no}/reject/", {"version": case.version})
    assert answer.status_code == 422
    assert 'id="id_reject_reason_error"' in answer.content.decode()
    case.refresh_from_db()
    assert case.state == "10"


def test_a_move_that_the_role_does_not_allow_is_forbidden(client, case):
    client.force_login(people.person("hotline"))
    assert client.post(f"/desk/{case.case_no}/accept/").status_code == 403
    assert client.post(f"/desk/{case.case_no}/nonsense/").status_code == 404


def test_a_report_outside_the_city_is_refused_at_its_field(client, leader):
    facts = {
        "title": "x",
        "source": "x",
        "provenance": "designed",
        "valid_from": "2026-01-01",
        "content_sha": b"\0" * 32,
    }
    DictionaryVersion.objects.create(kind="classes", code=CURRENT, is_default=True, **facts)
    form = {"class_key": f"2-{ground.LITTER}", "description": "x", "address": "y", "source": "02", "urgency": "3"}
    answer = client.post("/desk/register/", {**form, "longitude": "30.2", "latitude": "80.1"})
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() & {"longitude", "latitude"}
    assert not Case.objects.exists()


def test_a_search_for_a_number_goes_straight_to_the_case(client, leader, case):
    assert client.get(f"/cases/search/?q={case.case_no}").headers["Location"] == f"/cases/{case.case_no}/"


def test_an_export_that_a_workbook_does_not_hold_is_refused_with_number_and_remedy(client, leader, case, monkeypatch):
    monkeypatch.setattr(exports, "XLSX_ROWS", 0)
    answer = client.get("/cases/export/")
    assert answer.status_code == 400
    assert "共 1 条" in answer.content.decode()
    assert "缩小筛选范围" in answer.content.decode()
    assert client.get("/cases/export/?format=csv").status_code == 200
    assert not AuditEvent.objects.filter(action="case.export", after__file__endswith="xlsx").exists()


def test_a_view_without_cases_says_that_it_is_a_view(client, leader, case):
    assert "换一个视图" in client.get("/cases/?view=finished").content.decode()
    assert "这里还没有案件" not in client.get("/cases/?view=finished").content.decode()


def test_heads_order_the_list_and_say_so(client, leader, case):
    page = client.get("/cases/?order=number").content.decode()
    assert 'aria-sort="ascending"><a class="sort" id="sort-number" href="?order=-number"' in page
    assert 'aria-sort="descending"' in client.get("/cases/").content.decode()  # the newest first
    assert client.get("/cases/?order=description").context["order"].value == "-reported"


def test_what_stands_beside_the_results_is_refreshed_with_them(client, leader, case):
    part = client.get("/cases/?q=x", headers={"HX-Request": "true", "HX-Target": "results"}).content.decode()
    assert 'id="asof" hx-swap-oob="true"' in part
    assert 'id="views" hx-swap-oob="true"' in part
    assert "q=x&amp;view=open" in part
    home = client.get("/", headers={"HX-Request": "true", "HX-Target": "results"}).content.decode()
    for name in ("asof", "hours-shown", "map-count", "lgd-red", "lgd-paused"):
        assert f'id="{name}" hx-swap-oob="true"' in home, name
    assert "hx-swap-oob" not in client.get("/").content.decode()


def test_a_case_in_no_grid_offers_no_others_of_its_grid(client, leader, case):
    Case.objects.update(grid_code="")
    ground.registered()
    page = client.get(f"/cases/{case.case_no}/").content.decode()
    assert "附近案件" in page
    assert "同网格全部" not in page


def test_related_cases_stand_on_the_page_and_those_of_another_city_do_not(client, leader, case):
    joined, later, foreign = ground.registered(), ground.registered(), ground.registered()
    Case.objects.filter(pk__in=(joined.pk, foreign.pk)).update(merged_into=case.pk)
    Case.objects.filter(pk=later.pk).update(previous_round=case.pk)
    Case.objects.filter(pk=foreign.pk).update(division_code=people.NINGBO)

    def related(number):
        return [(str(word), other.case_no) for word, other in client.get(f"/cases/{number}/").context["related"]]

    assert related(case.case_no) == [("并入本案", joined.case_no), ("下一轮", later.case_no)]
    assert related(joined.case_no) == [("已并入", case.case_no)]
    assert related(later.case_no) == [("上一轮", case.case_no)]


def test_beyond_so_many_rows_a_list_says_more_than_and_counts_when_asked(client, leader, case, monkeypatch):
    ground.registered()
    ground.registered()
    assert client.get("/cases/").context["page"].paginator.count == 3
    monkeypatch.setattr(paging, "COUNTED", 2)
    page = client.get("/cases/?q=暴露")
    shown = page.content.decode()
    assert "超过 2 条" in shown
    assert f'hx-get="?{urlencode({"q": "暴露", "count": 1})}"'.replace("&", "&amp;") in shown
    assert page.context["page"].paginator.num_pages == 1
    assert "共 3 条" in client.get("/cases/?q=暴露&count=1").content.decode()
    assert "共 0 条" in client.get("/cases/?q=无此案&count=1").content.decode()
