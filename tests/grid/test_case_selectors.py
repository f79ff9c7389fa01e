"""Questions about cases: detail, moves, desks, filters, neighbours."""

import datetime as dt

import pytest
from django.utils import timezone

from cityops.foundation.errors import NotThere
from grid.models import Case, ClockSetting
from grid.rules.stages import Stage
from grid.selectors.case_filters import CaseFilter
from grid.selectors.cases import case_detail, desk_counts, nearby_cases, visible_cases, waiting_cases
from grid.selectors.moves import stages_waiting_for
from tests.factories import grid as ground
from tests.factories.people import NINGBO, division, organisation, person

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def hours(number):
    return NOW + dt.timedelta(hours=number)


def lights():
    """A case of every light."""
    ground.stored_case(state="10", stage_warn_at=hours(1), stage_due_at=hours(2))
    ground.stored_case(state="40", stage_warn_at=hours(-1), stage_due_at=hours(1))
    ground.stored_case(state="50", stage_warn_at=hours(-2), stage_due_at=hours(-1))
    ground.stored_case(state="52", dispose_deadline=hours(-1), dispatched_at=hours(-9))
    ground.stored_case(state="45", dispose_deadline=hours(1), dispatched_at=hours(-9))
    ground.stored_case(state="61", close_deadline=hours(-1), dispatched_at=hours(-9))
    ground.stored_case(state="30")
    ground.stored_case(state="80", closed_at=NOW, stage_due_at=hours(-5))


def test_the_light_of_a_list_is_the_light_of_the_case():
    lights()
    for case in Case.objects.with_light(timezone.now()):
        assert case.light_now == case.light
    assert sorted(case.light.value for case in Case.objects.all()) == [
        "green", "none", "none", "paused", "red", "red", "yellow", "yellow"
    ]  # fmt: skip


def test_a_desk_counts_by_light_in_a_constant_number_of_queries(django_assert_num_queries):
    lights()
    user = person("acceptor")
    stages_waiting_for(user)
    ClockSetting.yellow_share()  # kept in the process
    with django_assert_num_queries(3):
        counts = desk_counts(user)
    assert (counts.open, counts.green, counts.yellow, counts.red, counts.paused) == (7, 1, 2, 2, 1)
    assert (counts.reported_today, counts.closed_today, counts.overdue) == (8, 1, 1)
    assert counts.waiting == sum(counts.by_state.get(s, 0) for s in ("10", "30", "60", "70"))


def test_a_detail_takes_the_same_queries_for_any_number_of_steps(django_assert_max_num_queries):
    ground.ready_city()
    case, user = ground.registered(), person(("acceptor", "duty_leader"))
    with django_assert_max_num_queries(9):
        detail = case_detail(user, case.case_no)
    assert [move.action for move in detail.moves][:3] == ["accept", "send_verify", "reject"]
    assert detail.place == "测试社区"
    assert len(detail.steps) == 1


def test_the_detail_of_another_city_is_not_there():
    case = ground.stored_case()
    division(NINGBO)
    with pytest.raises(NotThere):
        case_detail(person("acceptor", division_code=NINGBO), case.case_no)


def test_a_replica_offers_no_move():
    case = ground.stored_case(origin_code="330200000000-C")
    assert case_detail(person("acceptor"), case.case_no).moves == []


@pytest.mark.parametrize(
    ("role", "stages"),
    [
        ("acceptor", {Stage.REPORTED, Stage.ACCEPTED, Stage.FEEDBACK, Stage.TO_CLOSE}),
        ("dispatcher", {Stage.FILED, Stage.RETURNED, Stage.FEEDBACK}),
        ("department", {Stage.DISPATCHED, Stage.HANDLING}),
        ("inspector", {Stage.VERIFYING, Stage.CHECKING}),
        ("evaluator", set()),
    ],
)
def test_what_waits_for_a_role_is_what_it_may_move(role, stages):
    for stage in Stage:
        ground.stored_case(state=stage, closed_at=NOW, duty_org="CZ1")
    org = organisation("CZ1")
    user = person(role, organisation=org)
    assert {Stage(case.state) for case in waiting_cases(user)} == stages


def test_neighbours_are_near_recent_and_of_the_same_class():
    near = ground.stored_case()
    ground.stored_case(geom=f"SRID=4490;POINT({ground.WEST + 0.015} {ground.SOUTH + 0.005})")
    ground.stored_case(reported_at=hours(-30))
    ground.stored_case(class_code="09001")
    user, spot = person("acceptor"), (ground.WEST + 0.0051, ground.SOUTH + 0.005)
    assert nearby_cases(user, *spot, class_code=ground.LITTER) == [near]
    assert len(nearby_cases(user, *spot)) == 2
    assert nearby_cases(user, *spot, class_code=ground.LITTER, besides=near.case_no) == []
    assert nearby_cases(user, *spot, class_code=ground.LITTER, metres=5) == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "33010020260101"}, 3),
        ({"q": "井盖 中山路"}, 1),
        ({"q": "HL-77"}, 1),
        ({"situation": "open"}, 2),
        ({"situation": "finished"}, 1),
        ({"situation": "overdue"}, 1),
        ({"situation": "unplaced"}, 1),
        ({"light": "red"}, 1),
        ({"state": ["80", "50"]}, 2),
        ({"class_code": "09"}, 1),
        ({"division": "330102001000"}, 2),
        ({"division": "330105"}, 1),
        ({"reported_from": "2026-03-02"}, 2),
        ({"reported_to": "2026-03-01"}, 1),
        ({"reported_from": "2026-03-02", "reported_to": "2026-03-02"}, 1),
    ],
)
def test_filters(asked, found):
    first = dt.datetime(2026, 3, 1, 15, 59, tzinfo=dt.UTC)
    ground.stored_case(reported_at=first, state="80", closed_at=NOW, description="井盖破损", address="中山路2号")
    ground.stored_case(
        reported_at=first + dt.timedelta(minutes=1),
        state="50",
        stage_due_at=hours(-1),
        close_deadline=hours(-1),
        source_no="HL-77",
    )
    ground.stored_case(
        grid_code="", division_code="330105000000", class_code="09001", description="占道", address="解放路"
    )
    assert CaseFilter(asked, visible_cases(person("acceptor"))).qs.count() == found
