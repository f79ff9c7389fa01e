"""The acceptance report says what it counted, what is asked for, and whether it is reached."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from cityops.maintenance.selectors.acceptance import acceptance_lines
from grid.places.models import MatchReport
from grid.services.cases import act
from tests.factories import grid as ground
from tests.factories.people import organisation, person

pytestmark = pytest.mark.django_db


def told():
    out = StringIO()
    call_command("acceptance_report", "--json", stdout=out)
    return {line["id"]: line for line in map(json.loads, out.getvalue().splitlines())}


def test_an_empty_city_proves_nothing_and_nothing_fails_to_be_counted():
    lines = told()
    assert {"M4.duty", "M5", "D3", "S1", "S2", "S3", "S11", "E1", "E2", "R1"} <= set(lines)
    assert not any(lines[name]["pass"] for name in ("M5", "D3", "S2", "S11", "E1", "E2", "R1"))
    assert all(set(line) >= {"id", "value", "threshold", "pass", "query"} and line["query"] for line in lines.values())


def test_one_case_through_the_whole_loop_is_counted():
    ground.ready_city()
    department = organisation("CZ0000000000000001")
    desk = person(("acceptor", "duty_leader", "dispatcher", "collector"))
    worker = person("department", organisation=department)
    case = ground.registered(desk)
    for user, action, fields in (
        (desk, "accept", {}),
        (desk, "file", {}),
        (desk, "dispatch", {"duty_org": department.org_code}),
        (worker, "sign", {}),
        (worker, "feed_back", {"opinion": "已清理"}),
        (desk, "send_check", {}),
        (desk, "pass_check", {}),
    ):
        case = act(user, case, action, **fields)
    assert told()["S2"]["value"] == 0
    act(desk, case, "close")
    assert (told()["S2"]["value"], told()["S2"]["pass"]) == (1, True)


def test_the_hit_rate_is_that_of_the_last_whole_city_report(settings):
    for found in (40, 46):
        MatchReport.objects.create(
            division_code=settings.CITYOPS_REGION, title="x", total=50, found=found, ambiguous=0, missing=50 - found,
            rows=[],
        )  # fmt: skip
    assert (told()["D3"]["value"], told()["D3"]["pass"]) == (92.0, True)


def test_people_read_the_same_lines():
    out = StringIO()
    call_command("acceptance_report", "--queries", stdout=out)
    lines = acceptance_lines()
    assert f"of {len(lines)} lines pass" in out.getvalue()
    assert "SELECT" in out.getvalue()
