"""A system that is switched off has no route, no menu entry and no schedule, at every tier that has it."""

import re

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import resolve

from cityops import celery, urls
from cityops.web.menu import items_for
from tests.factories.people import division
from tests.permissions.routes import walk
from tests.permissions.visits import Visitor
from tests.permissions.world import all_powerful
from tiers import menu
from tiers.systems import active_systems
from tiers.tier import Tier

pytestmark = pytest.mark.django_db
PAIRS = [(tier, name) for tier in Tier for name in sorted(active_systems(tier, []))]
REGION = {Tier.NATIONAL: "000000000000", Tier.PROVINCIAL: "330000000000", Tier.MUNICIPAL: "330100000000"}
by_pair = pytest.mark.parametrize(("tier", "name"), PAIRS, ids=str)


@pytest.fixture
def user(tier):
    return all_powerful(REGION[tier])


def routes(systems):
    return {route.name: "/" + re.sub(r"<[^>]+>", "1", route.pattern) for route in walk(urls.routes(systems))}


@by_pair
def test_its_routes_answer_404_and_all_others_stay(tier, name, as_tier, user):
    every = active_systems(tier, [])
    before, after = routes(every), routes(every - {name})
    gone = before.keys() - after.keys()
    assert gone, f"nothing opens with {name}"
    as_tier(tier.value, systems=(f"-{name}",))
    client = Visitor(user)
    answers = {route: client.get(before[route]).status_code for route in gone}
    assert {route: status for route, status in answers.items() if status != 404} == {}
    assert {route for route in after if before[route] != after[route]} == set()
    assert client.get("/").status_code == 200
    assert client.get("/api/v1/").status_code == 200


@by_pair
def test_its_menu_entries_are_gone_and_every_other_leads_somewhere(tier, name, as_tier, user):
    own = {str(entry.title) for entry in menu.of_tier(tier) if entry.systems == {name}}
    as_tier(tier.value)
    before = {str(item.title) for item in items_for(user, "")}
    assert own <= before
    as_tier(tier.value, systems=(f"-{name}",))
    shown = items_for(user, "")
    assert {str(item.title) for item in shown} & own == set()
    for item in shown:
        assert resolve(item.url)
    page = Visitor(user).get("/").content.decode()
    assert [item.title for item in shown if f'href="{item.url}"' not in page] == []


@by_pair
def test_its_schedule_is_gone_and_every_other_stays(tier, name):
    every = active_systems(tier, [])
    before, after = celery.schedule(every), celery.schedule(every - {name})
    own = {module for module, needed in celery.SCHEDULED if needed & every == {name}}
    gone = {key: before[key]["task"] for key in before.keys() - after.keys()}
    app = celery.app
    assert {key for key, task in gone.items() if app.tasks[task].run.__module__ not in own} == set()
    assert {key for key in after if app.tasks[after[key]["task"]].run.__module__ in own} == set()
    above = set() if tier == Tier.MUNICIPAL else {"analysis"}  # where superiors supervise cities' cases
    assert bool(gone) == (name in {"exchange", "aggregation", "command"} | above)


@pytest.mark.parametrize("change", ["exchange", "-nothing", "+industry", ""])
def test_a_change_that_names_no_system_or_one_that_is_not_built_stops_the_start(change):
    with pytest.raises(ImproperlyConfigured):
        active_systems(Tier.MUNICIPAL, [change])


def test_a_system_can_be_switched_on_where_the_tier_has_it_not():
    assert "analysis" in active_systems(Tier.MUNICIPAL, ["+analysis"])


def test_a_city_that_runs_the_analysis_shows_its_cities(as_tier):
    division()
    as_tier("municipal", systems=("+analysis",))
    assert Visitor(all_powerful(REGION[Tier.MUNICIPAL])).get("/cities/").status_code == 200
