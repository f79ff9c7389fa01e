"""Base counts on the real database: what each counts, and that its list has as many rows."""

import datetime as dt

import pytest

from grid.performance.rules.counts import COUNTS, GROUND_COUNTS, SUMS, Target
from grid.performance.selectors.counting import Asked, count, listed
from grid.performance.selectors.sets import find_set
from grid.performance.selectors.statement import series, statement
from grid.rules.periods import parse_period
from grid.selectors.divisions import find_place
from tests.factories.grid import COMMUNITY
from tests.grid.performance.conftest import EAST, PARKS, ROADS, at, case, steps

OCTOBER = parse_period("2026-10")


def counted(target=Target.AREA, *, digits=6, period=OCTOBER, user=None):
    return count(Asked(target, "3301", user, digits), period)


def test_a_month_counts_what_happened_in_it(month):
    west, east = counted()["330102"], counted()["330106"]
    assert {code: west[code] for code in west if west[code]} == {
        "report_num": 6,
        "patrol_report_num": 6,
        "valid_report_num": 5,
        "reject_num": 1,
        "register_num": 5,
        "void_num": 1,
        "need_dispose_num": 3,
        "dispose_num": 2,
        "intime_dispose_num": 1,
        "overtime_to_dispose_num": 1,
        "disposed_num": 2,
        "rework_num": 1,
        "postpone_num": 1,
        "need_close_num": 3,
        "need_close_timed_num": 3,
        "close_num": 2,
        "intime_close_num": 1,
        "hang_num": 1,
        "closed_in_num": 2,
        "repeat_num": 3,
        "handled_num": 2,
        "handling_seconds": 24 * 3600 + 15 * 24 * 3600,
        "unit_grid_num": 1,
    }
    assert {code: east[code] for code in ("force_close_num", "rated_num", "satisfied_num", "public_verified_num")} == {
        "force_close_num": 1,
        "rated_num": 2,
        "satisfied_num": 1,
        "public_verified_num": 1,
    }


def test_departments_count_their_own_cases(month):
    found = counted(Target.DEPARTMENT)
    assert set(found) == {ROADS, PARKS}
    assert (found[ROADS]["need_close_num"], found[PARKS]["need_close_num"]) == (4, 1)


def test_a_case_due_in_one_month_and_closed_late_in_the_next_is_needed_in_both(ground):
    case(30, due=31, closed=3, disposed_at=at(3, 11, month=11), closed_at=at(3, 16, month=11))
    october, november = counted()["330102"], counted(period=parse_period("2026-11"))["330102"]
    assert (october["need_close_num"], october["close_num"]) == (1, 0)
    assert (november["need_close_num"], november["close_num"], november["intime_close_num"]) == (1, 1, 0)


def test_a_period_is_the_sum_of_its_parts_for_what_happens_once(month):
    days = [counted(period=day).get("330102", {}).get("register_num", 0) for day in OCTOBER.parts()]
    assert sum(days) == counted()["330102"]["register_num"]
    assert counted(period=parse_period("2026Q4"))["330102"]["register_num"] == 5
    assert counted(period=parse_period("2026H2"))["330102"]["register_num"] == 5
    assert counted(period=parse_period("2026W41"))["330102"]["register_num"] == 5


def test_a_granted_appeal_exempts_a_late_handling(ground):
    late = case(5, closed=20)
    assert counted()["330102"]["intime_dispose_num"] == 0
    steps(late, ("40", at(21), "05"), ("41", at(22), "03"))
    assert counted()["330102"]["intime_dispose_num"] == 1


@pytest.mark.parametrize(
    ("fields", "is_repeat"),
    [
        ({}, True),
        ({"class_code": "06002"}, False),
        ({"reported_at": at(4, month=12), "filed_at": at(4, month=12)}, False),
        ({"geom": "SRID=4490;POINT(120.0050 30.0060)"}, False),
        ({"geom": "SRID=4490;POINT(120.0050 30.0053)"}, True),
    ],
)
def test_a_repeat_is_of_the_same_class_near_by_and_soon_after(ground, fields, is_repeat):
    case(5)
    again = case(20, **fields)
    found = listed(Asked(Target.AREA, "3301", None, 6), "", parse_period("2026"), "repeat_num")
    assert [one.pk for one in found] == ([again.pk] if is_repeat else [])


def test_desks_are_counted_by_their_acts_and_tasks(desks):
    found = counted(Target.POST)
    collector, acceptor, leader, dispatcher = (found[code] for code in ("01", "02", "03", "04"))
    assert (collector["need_verify_num"], collector["verify_num"], collector["intime_verify_num"]) == (1, 1, 0)
    assert (collector["need_check_num"], collector["intime_check_num"]) == (1, 1)
    assert (acceptor["timed_send_verify_num"], acceptor["intime_send_verify_num"]) == (1, 1)
    assert acceptor["accept_act_num"] == 1
    assert (leader["timed_register_num"], leader["intime_register_num"]) == (1, 0)
    assert (leader["timed_close_act_num"], leader["intime_close_act_num"]) == (1, 1)
    assert (dispatcher["need_dispatch_num"], dispatcher["intime_dispatch_num"]) == (1, 1)
    assert (dispatcher["delay_num"], dispatcher["delay_hours"]) == (1, 24)


def test_a_team_has_the_acts_it_did(desks):
    found = counted(Target.POST)
    assert found["01" + desks]["intime_check_num"] == 1
    assert "register_num" not in found["01" + desks]
    assert found["03"]["register_num"] == 1


def test_a_step_without_any_limit_before_it_is_neither_in_time_nor_late(ground):
    one = case(5)
    steps(one, ("05", at(5, 10), "03"))
    found = counted(Target.POST)["03"]
    assert (found["register_act_num"], found["timed_register_num"], found["intime_register_num"]) == (1, 0, 0)


@pytest.mark.parametrize("target", list(Target))
def test_every_number_opens_a_list_of_its_length(month, desks, target):
    asked = Asked(target, "3301", None, 6)
    found = count(asked, OCTOBER)
    assert found
    compared = 0
    for key, counts in found.items():
        for code, number in counts.items():
            if code in GROUND_COUNTS or code in SUMS:
                continue
            assert listed(asked, key, OCTOBER, code).count() == number, (key, code)
            compared += number
    assert compared > 20


def test_all_counts_but_the_ground_can_be_listed(month):
    asked = Asked(Target.AREA, "3301", None, 6)
    for code in COUNTS:
        if code not in GROUND_COUNTS:
            assert listed(asked, "", OCTOBER, code).count() >= 0


def test_a_person_of_a_department_counts_its_own_cases_only(month, roads_person):
    assert set(counted(Target.DEPARTMENT, user=roads_person)) == {ROADS}


# --- statements


def test_a_statement_shows_the_place_and_its_parts_in_the_order_of_the_codes(month, evaluator):
    found = statement(Target.AREA, find_place("3301"), OCTOBER, find_set(), user=evaluator)
    assert [(row.code, row.name) for row in found.rows] == [("3301", "测试市"), ("330102", "西区"), ("330106", "东区")]
    own, west, east = found.rows
    assert own.counts["register_num"] == west.counts["register_num"] + east.counts["register_num"]
    assert east.values["closing_rate"].text == "100.00"
    assert east.values["forced_share"].text == "50.00"
    assert west.grade


def test_departments_are_named_and_scored(month, evaluator):
    found = statement(Target.DEPARTMENT, find_place("3301"), OCTOBER, find_set(), user=evaluator)
    assert [row.name for row in found.rows] == ["道路处", "园林处"]
    assert found.row(PARKS).score == 100
    assert found.row(PARKS).values["satisfaction"].text == "0.00"


def test_posts_are_evaluated_and_never_persons(month, desks, evaluator):
    found = statement(Target.POST, find_place("3301"), OCTOBER, find_set(), user=evaluator)
    assert {row.code[:2] for row in found.rows} <= {"01", "02", "03", "04"}
    assert all(row.code[2:] in ("", desks) for row in found.rows)
    team = found.row("01" + desks)
    assert team.values["missed_rate"].text == "—"
    assert team.result.covered == 80


def test_a_series_ends_with_the_period_and_says_nothing_where_nothing_was(month, evaluator):
    found = series(Target.AREA, "330102", find_place("3301"), OCTOBER, find_set(), user=evaluator, length=3)
    assert [(period.key, row is not None) for period, row in found] == [
        ("2026-08", True),
        ("2026-09", True),
        ("2026-10", True),
    ]
    assert [row.counts["register_num"] for _period, row in found] == [0, 0, 5]
    assert [bool(row.grade) for _period, row in found] == [False, False, True]


def test_a_statement_of_a_street_counts_its_communities(month, evaluator):
    found = statement(Target.AREA, find_place(COMMUNITY[:9]), OCTOBER, find_set(), user=evaluator)
    assert [row.code for row in found.rows] == [COMMUNITY[:9], COMMUNITY]
    assert find_place(EAST[:9]).name == "东街"


def test_a_period_that_runs_says_so(month, evaluator):
    later = parse_period(f"{dt.date.today().year + 1}")  # noqa: DTZ011
    assert statement(Target.AREA, find_place("3301"), later, find_set(), user=evaluator).is_running
