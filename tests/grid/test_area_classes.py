"""Classes of area: grids have one, cases take it over, limits of rules and stages differ by it."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from cityops.foundation.errors import InvalidInput
from cityops.foundation.models import AuditEvent
from grid.models import Case, StageLimit, UnitGrid
from grid.rules.clock import STANDARD_HOURS, WorkCalendar, WorkingHours
from grid.rules.moving import DEFAULT_LIMITS, Desk
from grid.selectors.calendar import read_desk
from grid.services import clocks
from grid.services.cases import act
from sync.standard.models import DisposalRule
from sync.standard.services.editing import edit_rule
from tests.factories import grid as ground
from tests.factories.people import NINGBO, division, organisation, person

BACKEND = "django.contrib.auth.backends.ModelBackend"
MONDAY = dt.datetime(2026, 11, 16, 9, tzinfo=timezone.get_fixed_timezone(8 * 60))
COUNTY = "330102000000"
STAGES = {"accept", "verify", "file", "dispatch", "decide", "send_check", "check", "close", "supervise_answer"}


def minutes(number: int) -> dt.timedelta:
    """So many minutes."""
    return dt.timedelta(minutes=number)


def test_a_desk_of_an_area_has_its_own_limits_and_the_common_ones():
    calendar = WorkCalendar(dt.UTC, (WorkingHours(dt.date(2000, 1, 1), STANDARD_HOURS),))
    common = {**DEFAULT_LIMITS, "close": (Decimal(20), "minute")}
    desk = Desk(calendar, common, {("accept", "A"): (Decimal(5), "minute"), ("close", "C"): (Decimal(1), "work_hour")})
    assert desk.for_area("A").stage_end("accept", MONDAY) == MONDAY + minutes(5)
    assert desk.for_area("A").stage_end("close", MONDAY) == MONDAY + minutes(20)
    assert desk.for_area("B") is desk
    assert desk.for_area("").limit_of("accept") == DEFAULT_LIMITS["accept"]
    assert desk.for_area("C").is_worked("close")
    assert not desk.is_worked("close")


def test_every_stage_that_has_a_limit_is_known_by_name():
    assert set(DEFAULT_LIMITS) == STAGES


@pytest.mark.django_db
class TestCases:
    @pytest.fixture(autouse=True)
    def _city(self):
        ground.ready_city()

    def _classed(self, area: str) -> None:
        UnitGrid.objects.update(area_class=area)
        StageLimit.objects.create(stage="accept", area_class="A", value=5, unit="minute")
        StageLimit.objects.create(stage="accept", value=20, unit="minute")
        DisposalRule.objects.update(
            limit_value_a=2, limit_unit_a="urgent_hour", limit_value_c=3, limit_unit_c="work_day"
        )

    @pytest.mark.parametrize(
        ("area", "accept", "limit"),
        [("A", 5, (2, "urgent_hour")), ("B", 20, (4, "work_hour")), ("C", 20, (3, "work_day"))],
    )
    def test_a_case_takes_class_and_limits_of_its_grid(self, area, accept, limit):
        self._classed(area)
        case = ground.registered(at=MONDAY)
        assert case.deadline_class == area
        assert case.stage_due_at == MONDAY + minutes(accept)
        assert case.stage_warn_at == MONDAY + minutes(accept) * 0.8
        assert case.steps.get().deadline == case.stage_due_at
        assert (case.limit_value, case.limit_unit) == limit

    def test_a_case_outside_all_grids_is_of_the_general_class(self):
        self._classed("A")
        case = ground.registered(at=MONDAY, longitude=ground.WEST + 0.3, latitude=ground.SOUTH + 0.3)
        assert (case.grid_code, case.deadline_class, case.limit_unit) == ("", "B", "work_hour")

    @pytest.mark.parametrize(("area", "limit"), [("A", (2, "urgent_hour")), ("C", (3, "work_day"))])
    def test_filing_takes_the_limit_of_rule_and_class(self, area, limit):
        self._classed(area)
        leader = person(("duty_leader", "acceptor"))
        case = ground.registered(at=MONDAY)
        act(leader, case, "accept", at=MONDAY)
        filed = act(leader, case, "file", at=MONDAY, rule=DisposalRule.objects.get().pk)
        assert (filed.limit_value, filed.limit_unit, filed.deadline_class) == (*limit, area)
        again = act(leader, case, "file", at=MONDAY, rule=DisposalRule.objects.get().pk)
        assert again.version == filed.version

    def test_a_class_without_a_rule_keeps_its_area(self):
        self._classed("C")
        DisposalRule.objects.all().delete()
        leader = person(("duty_leader", "acceptor"))
        case = ground.registered(at=MONDAY)
        act(leader, case, "accept", at=MONDAY)
        assert act(leader, case, "file", at=MONDAY).deadline_class == "C"

    def test_later_stages_are_counted_by_the_class_too(self):
        self._classed("A")
        StageLimit.objects.create(stage="file", area_class="A", value=7, unit="minute")
        case = ground.registered(at=MONDAY)
        act(person("acceptor"), case, "accept", at=MONDAY)
        assert Case.objects.get().stage_due_at == MONDAY + minutes(7)


@pytest.mark.django_db
class TestSetting:
    @pytest.fixture(autouse=True)
    def _grids(self):
        ground.ready_city()
        division(COUNTY)
        ground.unit_grid(ground.COMMUNITY + "002", west=ground.WEST + 0.01)
        self.codes = [ground.COMMUNITY + "001", ground.COMMUNITY + "002"]

    def classes(self) -> list[str]:
        """The classes of the two grids."""
        return list(UnitGrid.objects.order_by("grid_code").values_list("area_class", flat=True))

    def test_grids_are_set_by_division_and_by_list_and_again_changes_nothing(self):
        officer = person("data_officer")
        assert clocks.set_area_class(officer, "A", division=COUNTY) == 2
        assert self.classes() == ["A", "A"]
        assert clocks.set_area_class(officer, "C", grid_codes=self.codes[1:]) == 1
        assert self.classes() == ["A", "C"]
        assert clocks.set_area_class(officer, "C", grid_codes=self.codes[1:]) == 0
        assert AuditEvent.objects.filter(action="grid.area_class").count() == 2

    @pytest.mark.parametrize(
        "asked",
        [
            {"area_class": "X", "division": COUNTY},
            {"area_class": "A"},
            {"area_class": "A", "division": COUNTY, "grid_codes": ["330102001001001"]},
            {"area_class": "A", "division": "330200000000"},
            {"area_class": "A", "grid_codes": ["330102001001001", "330102001001999"]},
        ],
    )
    def test_what_cannot_be_meant_is_refused_whole(self, asked):
        with pytest.raises(InvalidInput):
            clocks.set_area_class(person("data_officer"), **asked)
        assert self.classes() == ["B", "B"]

    def test_nobody_sets_grids_outside_the_own_division(self):
        division(NINGBO)
        with pytest.raises(InvalidInput):
            clocks.set_area_class(person("data_officer", division_code=NINGBO), "A", grid_codes=self.codes)
        assert self.classes() == ["B", "B"]

    def test_the_page_sets_a_list_and_tells_how_many(self, client):
        client.force_login(person("data_officer"), backend=BACKEND)
        wrong = client.post("/ground/areas/", {"area_class": "A", "grid_codes": "", "division": ""})
        assert wrong.status_code == 400
        answer = client.post("/ground/areas/", {"area_class": "A", "grid_codes": "，\n".join(self.codes)}, follow=True)
        assert "已改变 2 个" in answer.content.decode()
        assert self.classes() == ["A", "A"]
        listed = client.get("/ground/grids/", {"area_class": "A"}).content.decode()
        assert self.codes[0] in listed
        assert self.codes[0] not in client.get("/ground/grids/", {"area_class": "C"}).content.decode()

    def test_the_api_sets_a_division_and_shows_the_class(self, client, as_tier):
        client.force_login(person("data_officer"), backend=BACKEND)
        asked = {"area_class": "C", "division": COUNTY}
        answer = client.post("/api/v1/desk/areas/", asked, content_type="application/json")
        assert (answer.status_code, answer.json()) == (200, {"changed": 2})
        assert client.get(f"/api/v1/grids/{self.codes[0]}/").json()["area_class"] == "C"
        listed = client.get("/api/v1/grids/?area_class=A").json()
        assert listed["results"] == []

    def test_who_may_not_change_grids_sets_nothing(self, client, as_tier):
        client.force_login(person("dispatcher"), backend=BACKEND)
        asked = {"area_class": "C", "division": COUNTY}
        assert client.post("/api/v1/desk/areas/", asked, content_type="application/json").status_code == 403
        assert client.post("/ground/areas/", asked).status_code == 403
        assert self.classes() == ["B", "B"]


@pytest.mark.django_db
class TestStageLimits:
    def test_a_limit_of_a_class_is_set_changed_and_taken_away(self):
        officer = person("data_officer")
        clocks.set_stage_limit(officer, stage="verify", area_class="", value=Decimal(40), unit="minute")
        clocks.set_stage_limit(officer, stage="verify", area_class="C", value=Decimal(2), unit="work_hour")
        assert read_desk().limit_of("verify") == (40, "minute")
        assert read_desk().for_area("C").limit_of("verify") == (2, "work_hour")
        clocks.set_stage_limit(officer, stage="verify", area_class="C", value=Decimal(2), unit="work_hour")
        clocks.set_stage_limit(officer, stage="verify", area_class="C", value=None, unit="")
        assert read_desk().for_area("C").limit_of("verify") == (40, "minute")
        events = AuditEvent.objects.filter(action="clock.stage_limit").order_by("id")
        assert [(event.object_key, event.after) for event in events] == [
            ("verify", {"value": "40.0", "unit": "minute"}),
            ("verify C", {"value": "2.0", "unit": "work_hour"}),
            ("verify C", None),
        ]

    @pytest.mark.parametrize(
        "wrong",
        [{"stage": "sleep"}, {"area_class": "D"}, {"unit": "moon"}, {"value": Decimal(0)}, {"value": Decimal(-1)}],
    )
    def test_what_is_no_limit_is_refused(self, wrong):
        good = {"stage": "close", "area_class": "A", "value": Decimal(1), "unit": "minute"}
        with pytest.raises(InvalidInput):
            clocks.set_stage_limit(person("data_officer"), **{**good, **wrong})
        assert not StageLimit.objects.exists()


@pytest.mark.django_db
def test_departments_see_the_class_of_the_case_on_its_page(client):
    ground.ready_city()
    UnitGrid.objects.update(area_class="A")
    case = ground.registered(at=MONDAY)
    organisation("DEPT00000000000001")
    client.force_login(person("duty_leader"), backend=BACKEND)
    assert "A 重点区域" in client.get(f"/cases/{case.case_no}/").content.decode()


@pytest.mark.django_db
def test_a_rule_keeps_limits_of_areas_only_beside_its_own_limit():
    officer, rule = person("data_officer"), ground.disposal_rule()
    changed = edit_rule(
        officer, rule=rule, changes={"limit_value_a": Decimal(2), "limit_unit_a": "urgent_hour"}, reason="文"
    )
    assert [changed.limit_for(area) for area in "ABC"] == [(2, "urgent_hour"), (4, "work_hour"), (4, "work_hour")]
    for wrong in ({"limit_unit_a": ""}, {"limit_value_c": Decimal(1)}, {"limit_value": None, "limit_unit": ""}):
        with pytest.raises(InvalidInput):
            edit_rule(officer, rule=rule, changes=wrong, reason="文")
    assert DisposalRule.objects.get().limit_for("A") == (2, "urgent_hour")
