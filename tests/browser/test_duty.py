"""The pages of duty in a browser: axe, the map to draw on, the roster by keyboard."""

import datetime as dt

import pytest
from playwright.sync_api import expect

from tests.browser.test_accessibility import violations

FILL = """
from django.utils import timezone
from cityops.accounts.models import Organisation
from grid.duty.services.simulating import simulate_duty
from grid.services.simulator.world import World
authority = Organisation.objects.filter(org_type="02").first() or Organisation.objects.first()
simulate_duty(World([], [], {}, {}, [], {}, (authority.org_code, authority.name), []), 7, timezone.now())
"""
GRID = "330102001001001"
PAGES = (
    "/duty/", "/duty/grids/", "/duty/grids/new/", f"/duty/grids/{GRID}/", f"/duty/grids/{GRID}/edit/",
    "/duty/evaluation-grids/", "/duty/evaluation-grids/new/", "/duty/shifts/", "/duty/roster/", "/duty/roster/plan/",
    f"/duty/roster/{GRID}/{dt.datetime.now(dt.UTC):%Y-%m-%d}/", "/duty/coverage/", "/duty/plans/", "/duty/plans/1/", "/duty/plans/new/",
)  # fmt: skip


@pytest.fixture(scope="module")
def town(city):
    city.manage("shell", "-c", FILL)
    return city


def test_axe_finds_nothing_serious_in_duty(town, visit, axe):
    page = visit(town, "jianguan")
    assert [fault for address in PAGES for fault in violations(page, axe, address)] == []


def test_unit_grids_are_chosen_on_the_map(town, visit):
    page = visit(town, "jianguan")
    page.goto("/duty/grids/new/")
    box = page.locator("[data-map]")
    expect(box).to_have_attribute("data-ready", "", timeout=30_000)
    page.fill("[data-duty-codes]", GRID)
    expect(page.locator("[data-duty-count] b")).to_have_text("1")
    box.click()
    expect(page.locator("[data-duty-count] b")).not_to_have_text("1")
    assert "330102001001" in page.input_value("[data-duty-codes]")


def test_arrow_keys_go_through_the_roster(town, visit):
    page = visit(town, "jianguan")
    page.goto("/duty/roster/")
    cells = page.locator("[data-duty-roster] td a")
    cells.first.focus()
    page.keyboard.press("ArrowRight")
    expect(cells.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/duty/roster/*/*/")
