"""The page of what is offered to other systems."""

import pytest
from django.test import Client
from django.urls import reverse

from grid.interfaces.services.usage import FEATURES, note_use, uses
from tests.factories.people import division, person


@pytest.fixture
def page(db):
    """The page as a role sees it."""

    def open_as(role):
        client = Client()
        client.force_login(person(role))
        return client.get(reverse("interfaces"))

    return open_as


def test_addresses_are_those_at_which_the_node_is_reached(page, settings):
    settings.CITYOPS_BASE_URL = "https://city.example/"
    shown = page("data_officer").content.decode()
    assert "https://city.example/ogc/v1/collections/components/items" in shown
    assert "https://city.example/open311/v2/services.json" in shown
    assert "330100" in shown


@pytest.mark.parametrize(("role", "may"), [("data_officer", False), ("system_admin", True)])
def test_who_may_issue_tokens_is_led_there(page, role, may):
    shown = page(role)
    assert shown.status_code == 200
    assert (reverse("token-list") in shown.content.decode().split("<main")[1]) is may


@pytest.mark.parametrize("role", ["acceptor", "leader", "security_admin"])
def test_others_do_not_see_it(page, role):
    assert page(role).status_code == 403


def test_the_menu_leads_there(db):
    client = Client()
    division()
    client.force_login(person("data_officer"))
    assert f'href="{reverse("interfaces")}"' in client.get(reverse("component-list")).content.decode()


def test_uses_are_counted_by_day(page):
    assert "逐日" not in page("data_officer").content.decode()
    for _time in range(3):
        note_use(FEATURES)
    days = uses(FEATURES)
    assert len(days) == 14
    assert [count for _day, count in days] == [3] + [0] * 13
    shown = page("data_officer").content.decode()
    assert "今天 3 次" in shown
    assert "逐日" in shown
