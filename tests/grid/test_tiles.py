"""Map tiles: what they show, to whom, and how they are kept."""

import math

import pytest
from django.core.cache import cache

from grid.selectors import tiles
from tests.factories import grid as ground
from tests.factories import people

pytestmark = pytest.mark.django_db


def at(zoom: int, longitude: float = ground.WEST + 0.005, latitude: float = ground.SOUTH + 0.005) -> tuple[int, int]:
    """Column and row of the tile at a point."""
    side = 2**zoom
    y = math.asinh(math.tan(math.radians(latitude)))
    return int((longitude + 180) / 360 * side), int((1 - y / math.pi) / 2 * side)


def address(layer: str, zoom: int) -> str:
    x, y = at(zoom)
    return f"/tiles/{layer}/{zoom}/{x}/{y}.mvt"


@pytest.fixture(autouse=True)
def city():
    ground.ready_city()
    cache.clear()


@pytest.fixture
def case():
    return ground.registered()


def test_a_case_is_a_point_close_by_and_part_of_a_count_far_out(client, case, monkeypatch):
    client.force_login(people.person())
    near = client.get(address("cases", 14))
    assert near.headers["Content-Type"] == "application/vnd.mapbox-vector-tile"
    assert case.case_no.encode() in near.content
    monkeypatch.setattr(tiles, "FEW", 0)
    cache.clear()
    far = client.get(address("cases", 9))
    assert b"cells" in far.content
    assert case.case_no.encode() not in far.content


def test_far_out_a_cell_counts_its_cases_by_light(client, case, monkeypatch):
    """The legend's filter shows the right number without asking again."""
    client.force_login(people.person())
    monkeypatch.setattr(tiles, "FEW", 0)
    far = client.get(address("cases", 9)).content
    for key in (b"count", b"red", b"yellow", b"green", b"paused"):
        assert key in far


def test_another_citys_person_gets_an_empty_tile(client, case):
    client.force_login(people.person(division_code=people.NINGBO))
    assert client.get(address("cases", 14)).status_code == 204
    assert client.get(address("grids", 14)).status_code == 204


def test_the_filters_of_the_list_narrow_the_tile(client, case):
    client.force_login(people.person())
    assert client.get(address("cases", 14) + "?state=10").status_code == 200
    assert client.get(address("cases", 14) + "?state=80").status_code == 204


def test_a_known_etag_is_answered_without_the_tile(client):
    client.force_login(people.person())
    first = client.get(address("grids", 14))
    again = client.get(address("grids", 14), headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_cached_tile_asks_the_database_for_the_person_only(client, django_assert_num_queries):
    client.force_login(people.person())
    client.get(address("grids", 14))
    with django_assert_num_queries(4):
        assert client.get(address("grids", 14)).status_code == 200


@pytest.mark.parametrize("wrong", ["/tiles/nothing/3/1/1.mvt", "/tiles/grids/3/8/0.mvt", "/tiles/grids/21/0/0.mvt"])
def test_what_is_no_tile_is_not_there(client, wrong):
    client.force_login(people.person())
    assert client.get(wrong).status_code == 404


def test_a_layer_needs_its_permission_and_everybody_a_sign_in(client):
    assert client.get(address("grids", 14)).status_code == 302
    client.force_login(people.person("system_admin"))
    assert client.get(address("cases", 14)).status_code == 403
    assert client.get(address("divisions", 9)).status_code == 200
