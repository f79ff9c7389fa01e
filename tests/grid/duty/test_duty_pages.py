"""The pages and the API of duty, as people and phones use them."""

import datetime as dt
import io
import uuid

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from grid.duty.models import Assignment, DutyGrid, EvaluationGrid, PatrolPlan, Shift, Visit
from tests.factories import duty
from tests.factories.grid import COMMUNITY, SOUTH, WEST
from tests.factories.people import api_token, bearer, person

pytestmark = pytest.mark.django_db


def days(number: int) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=number)


@pytest.fixture
def codes():
    return duty.ground()


@pytest.fixture
def leader(client):
    user = person("duty_leader")
    client.force_login(user)
    return user


def test_a_responsibility_grid_is_drawn_changed_and_retired(client, codes, leader):
    form = {"name": "一号", "grid_kind": "01", "org_code": duty.ORG, "codes": f"{codes[0]}, {codes[2]}"}
    refused = client.post(reverse("duty-grid-new"), form)
    assert refused.status_code == 400
    assert "不相连" in refused.content.decode()
    made = client.post(reverse("duty-grid-new"), {**form, "codes": " ".join(codes[:2])})
    grid = DutyGrid.objects.get()
    assert made.url == reverse("duty-grid-detail", args=[grid.grid_code])
    assert codes[1] in client.get(made.url).content.decode()
    client.post(
        reverse("duty-grid-edit", args=[grid.grid_code]), {**form, "name": "改名", "codes": "\n".join(codes[:3])}
    )
    grid.refresh_from_db()
    assert (grid.name, grid.unit_codes) == ("改名", codes[:3])
    client.post(reverse("duty-grid-retire", args=[grid.grid_code]), {"reason": "调整"})
    grid.refresh_from_db()
    assert grid.valid_to == timezone.localdate()


def test_a_community_brings_all_its_unit_grids(client, codes, leader):
    client.post(
        reverse("duty-grid-new"), {"name": "全社区", "grid_kind": "01", "org_code": duty.ORG, "community": COMMUNITY}
    )
    assert DutyGrid.objects.get().unit_codes == codes


def test_an_evaluation_grid_is_drawn_and_listed(client, codes, leader):
    form = {"grid_type": "B", "eval_year": "2026", "codes": codes[0]}
    assert client.post(reverse("duty-evaluation-new"), form).status_code == 302
    assert EvaluationGrid.objects.get().grid_code in client.get(reverse("duty-evaluation-list")).content.decode()


def test_a_shift_is_made_and_the_day_is_planned(client, codes, leader):
    grid, who = duty.duty_grid(codes), person("collector", name="赵某")
    client.post(reverse("duty-shift-new"), {"name": "早班", "starts_at": "07:00", "ends_at": "15:00", "days": "every"})
    shift = Shift.objects.get()
    page = reverse("duty-day", args=[grid.grid_code, days(1).isoformat()])
    assert client.post(page, {"shift": shift.pk, "supervisor": who.username}).status_code == 302
    entry = Assignment.objects.get()
    assert "赵某" in client.get(page).content.decode()
    month = client.get(reverse("duty-roster"), {"month": f"{days(1):%Y-%m}"}).content.decode()
    assert page in month
    assert "赵某" in month
    other = person("collector", name="钱某")
    client.post(reverse("duty-substitute", args=[entry.pk]), {"substitute": other.username, "reason": "病假"})
    entry.refresh_from_db()
    assert (entry.on_duty, entry.substitute_reason) == (other, "病假")
    client.post(reverse("duty-remove", args=[entry.pk]), {"reason": "错排"})
    assert not Assignment.objects.exists()


def test_who_only_reads_the_roster_changes_nothing(client, codes):
    grid, shift, who = duty.duty_grid(codes), duty.shift(), person("collector")
    client.force_login(who)
    page = reverse("duty-day", args=[grid.grid_code, days(1).isoformat()])
    assert client.get(page).status_code == 200
    assert client.post(page, {"shift": shift.pk, "supervisor": who.username}).status_code == 403
    assert not Assignment.objects.exists()


def test_an_exported_roster_can_be_changed_and_imported(client, codes, leader):
    grid, who, shift = duty.duty_grid(codes), person("collector"), duty.shift()
    duty.assignment(grid, shift, days(1), who)
    answer = client.get(reverse("duty-roster-export"), {"month": f"{days(1):%Y-%m}"})
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    sheet = book.active
    assert [cell.value for cell in sheet[2]][:5] == [
        days(1).isoformat(),
        "早班",
        grid.grid_code,
        grid.name,
        who.username,
    ]
    for number in (2, 3):
        sheet.append([days(number).isoformat(), "早班", grid.grid_code, "", who.username])
    assert _import(client, book).status_code == 302
    assert Assignment.objects.count() == 3
    sheet.append(["昨天", "早班", grid.grid_code, "", who.username])
    sheet.append([days(4).isoformat(), "没有", grid.grid_code, "", who.username])
    refused = _import(client, book)
    assert refused.status_code == 400
    assert "第 5 行" in refused.content.decode()
    assert "第 6 行" in refused.content.decode()
    assert Assignment.objects.count() == 3


def _import(client, book):
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    file.name = "roster.xlsx"
    return client.post(reverse("duty-planning"), {"what": "file", "file": file})


def test_what_is_no_workbook_is_refused(client, codes, leader):
    file = io.BytesIO(b"PK but no workbook")
    file.name = "roster.xlsx"
    answer = client.post(reverse("duty-planning"), {"what": "file", "file": file})
    assert answer.status_code == 400
    assert "不是可读的 xlsx" in answer.content.decode()


def test_a_month_is_planned_on_one_page(client, codes, leader):
    grid, who, shift = duty.duty_grid(codes), person("collector"), duty.shift()
    asked = {"what": "week", "grid": grid.grid_code, "shift": shift.pk, "supervisor": who.username,
             "weekdays": list("1234567"), "first": days(1), "last": days(14)}  # fmt: skip
    assert client.post(reverse("duty-planning"), asked).status_code == 302
    assert Assignment.objects.count() == 14
    monday = days(1) + dt.timedelta(days=7 - days(1).weekday())
    copied = {"what": "copy", "monday": monday, "first": days(20), "last": days(26)}
    assert client.post(reverse("duty-planning"), copied).status_code == 302
    assert Assignment.objects.count() == 21


def test_the_board_and_the_report_show_coverage_by_grid(client, codes, leader):
    grid, running = duty.duty_grid(codes), duty.running_shift()
    duty.assignment(grid, running)
    duty.visit(codes[0])
    board = client.get(reverse("duty-board")).content.decode()
    assert "25.00%" in board
    for by in ("grid", "day", "shift", "each"):
        assert "25.00%" in client.get(reverse("duty-coverage"), {"by": by}).content.decode()
    csv = b"".join(client.get(reverse("duty-coverage-export"), {"format": "csv"}).streaming_content).decode()
    assert f"{grid.name},{grid.grid_code},4,1,3,25.00" in csv
    empty = client.get(reverse("duty-coverage"), {"first": days(5), "last": days(6)}).content.decode()
    assert "无数据" in empty
    assert "0.00%" not in empty


def test_a_plan_is_made_and_its_due_list_shown(client, codes, leader):
    form = {"name": "主干道", "times": 2, "per": "day", "codes": " ".join(codes[:2])}
    assert client.post(reverse("duty-plan-new"), form).status_code == 302
    plan = PatrolPlan.objects.get()
    shown = client.get(reverse("duty-plan-list")).content.decode()
    assert codes[0] in shown
    assert codes[2] not in shown
    client.post(reverse("duty-plan-edit", args=[plan.pk]), {**form, "times": 3})
    assert client.get(reverse("duty-plan-detail", args=[plan.pk])).status_code == 200
    client.post(reverse("duty-plan-end", args=[plan.pk]), {"reason": "完工"})
    plan.refresh_from_db()
    assert (plan.times, plan.valid_to) == (3, timezone.localdate())


class TestApi:
    @pytest.fixture
    def phone(self, client):
        who = person("collector")
        headers = bearer(api_token(who))

        def ask(method, name, body=None):
            sent = {"data": body, "content_type": "application/json"} if body is not None else {}
            return getattr(client, method)(reverse(f"api:{name}"), headers=headers, **sent)

        ask.who = who
        return ask

    def test_a_phone_sends_a_visit_twice_and_it_is_one(self, codes, phone):
        body = {"visit_id": str(uuid.uuid4()), "longitude": WEST + 0.005, "latitude": SOUTH + 0.005}
        made = phone("post", "duty-visit", body)
        assert (made.status_code, made.json()["grid_code"]) == (201, codes[0])
        assert phone("post", "duty-visit", body).status_code == 200
        assert Visit.objects.get().visitor == phone.who
        refused = phone("post", "duty-visit", {"longitude": 121.0, "latitude": 31.0})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "grid")

    def test_a_phone_knows_its_patrol_area(self, codes, phone):
        duty.assignment(duty.duty_grid(codes[:2]), duty.shift(), days(0), phone.who)
        own = phone("get", "duty-own").json()
        assert own["patrol_area"] == codes[:2]
        assert [entry["supervisor"] for entry in own["assignments"]] == [phone.who.username]

    def test_another_system_plans_and_reads_coverage(self, client, codes):
        grid, who = duty.duty_grid(codes), person("collector")
        duty.shift()
        headers = bearer(api_token(person("duty_leader")))
        body = {"day": days(1), "shift": "早班", "grid_code": grid.grid_code, "supervisor": who.username}
        address = reverse("api:duty-assignment-list")
        made = client.post(address, body, content_type="application/json", headers=headers)
        assert made.status_code == 201, made.content
        assert client.get(address, headers=headers).json()["results"] == [made.json()]
        report = client.get(reverse("api:duty-coverage"), headers=headers).json()
        assert (report["scheduled"], report["rate_percent"]) == (0, None)
        wrong = client.get(reverse("api:duty-coverage"), {"first": "zz"}, headers=headers)
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "first")

    def test_another_system_makes_a_responsibility_grid(self, client, codes):
        headers = bearer(api_token(person("data_officer")))
        body = {"name": "一号", "unit_grids": codes[:2], "org_code": duty.ORG}
        made = client.post(reverse("api:duty-grid-list"), body, content_type="application/json", headers=headers)
        assert made.status_code == 201, made.content
        shown = client.get(reverse("api:duty-grid-detail", args=[made.json()["grid_code"]]), headers=headers).json()
        assert shown == made.json()
        assert "leader" not in shown
