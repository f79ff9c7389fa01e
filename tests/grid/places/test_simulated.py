"""A simulated city has places, and the addresses of its cases are found among them."""

import pytest

from grid.places.models import Place
from grid.places.rules.matching import Verdict
from grid.places.selectors.geocoding import geocode, geocode_many
from grid.places.services.places import create_place
from grid.places.services.simulated import build_places
from grid.rules.tempo import random_of
from grid.services.simulator import builders
from grid.services.simulator.world import STREETS
from tests.factories import grid as ground
from tests.factories.people import division, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(db):
    ground.city()
    division("330102000000", name="上城区")
    division("330102001000", name="湖滨街道")
    for number in range(1, 13):
        ground.unit_grid(f"{ground.COMMUNITY}{number:03d}", west=ground.WEST + 0.01 * number)


def test_the_grid_builds_what_stands_on_it_without_knowing_it(city):
    assert builders.BUILDERS["places"] is build_places
    assert builders.build_all(7)["places"] == Place.objects.count() > 600


def test_the_same_seed_gives_the_same_places_once(city):
    made = build_places(7)
    before = sorted(Place.objects.values_list("rid", "place_name", "search"))
    assert build_places(7) == 0
    Place.objects.all().delete()
    assert build_places(7) == made
    assert sorted(Place.objects.values_list("rid", "place_name", "search")) == before


def test_addresses_as_cases_have_them_are_found(city):
    build_places(7)
    rng = random_of(7, "addresses")
    texts = [
        f"上城区湖滨街道{rng.choice(STREETS)}{rng.randrange(1, 480)}号{rng.choice(('', '附近', '门前', '路口'))}"
        for _ in range(100)
    ]
    verdicts = [answer.verdict for answer in geocode_many(None, texts)]
    assert verdicts.count(Verdict.FOUND) >= 90, [t for t, v in zip(texts, verdicts, strict=True) if v != "found"]


def test_every_place_lies_in_its_grid_and_new_numbers_are_free(city):
    from grid.models import UnitGrid

    build_places(7)
    for grid in UnitGrid.objects.all():
        assert not Place.objects.filter(grid_code=grid.grid_code).exclude(geom__coveredby=grid.geom).exists()
    values = {
        "place_name": "新天地", "place_type": "06", "std_address": "新天地",
        "longitude": ground.WEST + 0.015, "latitude": ground.SOUTH + 0.005,
    }  # fmt: skip
    made = create_place(person("data_officer"), values)
    assert geocode(None, "新天地").candidates[0].place == made
