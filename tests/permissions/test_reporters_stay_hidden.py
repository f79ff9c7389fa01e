"""Who reported stands on no page, in no answer of the API, in no export, tile or log, whoever asks."""

import pytest
from django.urls import reverse

from cityops.accounts.roles import ROLES
from tests.permissions.policy import PUBLIC
from tests.permissions.routes import routes_of
from tests.permissions.visits import body_of, entered
from tests.permissions.world import HERE, REPORTER, REPORTER_PHONE, all_powerful, person

CITY_ROLES = [spec.code for spec in ROLES if "municipal" in spec.tiers]
NEAR = ("case-", "reporter-", "contact-", "search", "tile", "home", "wall", "api:case", "api:media", "audit-")
"""Beginnings of the routes that come near a case, for the roles one by one."""


def told(client, world, route) -> list[str]:
    """What a route tells of who reported, also as a file."""
    address = world.address(route.row)
    also = [] if route.is_api else [f"{'&' if route.row.query else '?'}format={kind}" for kind in ("csv", "xlsx")]
    shown = "".join(body_of(client.get(address + query)) for query in ("", *also))
    return [secret for secret in (REPORTER, REPORTER_PHONE) if secret in shown]


@pytest.mark.parametrize("letter", ["n", "p", "m"])
def test_who_may_do_everything_finds_nobody_anywhere(letter, world, caplog):
    client = entered(all_powerful(HERE[letter]))
    wrong = {
        route.name: found
        for route in routes_of(letter)
        if route.row.needs is not PUBLIC and (found := told(client, world, route))
    }
    assert wrong == {}
    assert REPORTER_PHONE not in caplog.text
    assert REPORTER not in caplog.text


@pytest.mark.parametrize("role", CITY_ROLES)
@pytest.mark.parametrize("letter", ["m"])
def test_no_role_finds_anybody_near_a_case(letter, role, world):
    client = entered(person(role, division_code=HERE[letter]))
    routes = [route for route in routes_of(letter) if route.name.startswith(NEAR)]
    assert len(routes) > 15
    assert {route.name: found for route in routes if (found := told(client, world, route))} == {}


@pytest.mark.parametrize("letter", ["m"])
def test_only_the_one_answer_shows_him(letter, world):
    client = entered(person("acceptor", division_code=HERE[letter]))
    assert "139****4321" in body_of(client.get(reverse("case-detail", args=[world.case.case_no])))
    answer = client.post(reverse("reporter-open", args=[world.case.case_no]), {"reason": "回访"})
    assert REPORTER in body_of(answer)
    assert REPORTER_PHONE in body_of(answer)
