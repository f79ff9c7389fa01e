"""Two cities with components, and who reads them."""

import pytest

from tests.factories.grid import COMMUNITY, ready_city, unit_grid
from tests.factories.ground import component
from tests.factories.people import NINGBO, api_token, division, person

OTHER_COMMUNITY = "330203001001"
OTHERS = "33020301001000001"


@pytest.fixture(autouse=True)
def _keys(settings, tmp_path):
    """Keys of columns made for this test alone."""
    settings.CITYOPS_KEY_DIR = tmp_path


@pytest.fixture
def ground(db):
    """杭州 with two grids and three components; 宁波 with one of each."""
    ready_city()
    division("330102000000")
    unit_grid(COMMUNITY + "002", west=120.02)
    for number, (lon, lat) in enumerate([(120.001, 30.001), (120.003, 30.005), (120.025, 30.005)], start=1):
        component(f"330102010010{number:05d}", geom=f"SRID=4490;POINT({lon} {lat})", change_date=f"2026-0{number}-01")
    division(NINGBO, name="宁波市")
    division(OTHER_COMMUNITY)
    unit_grid(OTHER_COMMUNITY + "001", west=121.5, south=29.8)
    component(OTHERS, obj_name="别市井盖", division_code=OTHER_COMMUNITY, geom="SRID=4490;POINT(121.505 29.805)")


@pytest.fixture
def robot(ground):
    """An integration of 杭州 that reads and registers."""
    return person(("data_officer", "acceptor"), is_integration=True, username="gis-robot")


@pytest.fixture
def token(robot):
    """Its token."""
    return api_token(robot)
