"""Places made, changed and retired by hand."""

import datetime as dt

import pytest

from cityops.foundation.errors import InvalidInput, NotThere, Refused
from cityops.foundation.models import AuditEvent
from grid.places.models import Place
from grid.places.selectors.geocoding import geocode
from grid.places.services.keys import make_keys_again
from grid.places.services.places import create_place, edit_place, retire_place
from sync.exchange.models import DirtyMark
from tests.factories import grid as ground
from tests.factories.people import division, person
from tests.factories.places import place

pytestmark = pytest.mark.django_db
GOOD = {
    "place_name": "测试文化广场",
    "place_type": "06",
    "std_address": "测试市上城区测试社区中山路10号",
    "alias": "城站广场",
    "longitude": ground.WEST + 0.005,
    "latitude": ground.SOUTH + 0.005,
}


@pytest.fixture
def city(db):
    ground.city()
    ground.unit_grid()
    division("330102000000", name="上城区")


@pytest.fixture
def officer(city):
    return person("data_officer")


def entries(action):
    return AuditEvent.objects.filter(action=action)


def test_a_new_place_has_a_number_its_grid_and_its_keys(officer):
    made = create_place(officer, GOOD)
    assert (len(made.place_id), made.place_id[:6]) == (18, "330102")
    assert (made.grid_code, made.division_code) == (ground.COMMUNITY + "001", ground.COMMUNITY)
    assert (made.door, made.names) == ("中山路 10号", ["测试文化广场", "城站广场"])
    assert entries("place.create").get().after["place_name"] == "测试文化广场"
    assert DirtyMark.objects.filter(dataset="JC09", rid=made.rid).exists()
    assert create_place(officer, GOOD).place_id != made.place_id


@pytest.mark.parametrize(
    "wrong",
    [
        {"longitude": 121.5},
        {"longitude": ground.SOUTH, "latitude": ground.WEST},
        {"longitude": float("nan")},
        {"longitude": None},
        {"place_name": "!!"},
        {"place_type": "99"},
        {"std_address": ""},
        {"grid_code": "330102001001001"},
    ],
)
def test_what_can_be_no_place_is_refused(officer, wrong):
    with pytest.raises(InvalidInput):
        create_place(officer, {**GOOD, **wrong})
    assert not Place.objects.exists()


def test_outside_the_own_division_nothing_is_made(city):
    with pytest.raises(InvalidInput):
        create_place(person("data_officer", division_code="330106000000"), GOOD)


def test_an_edit_tells_what_changed_and_once(officer):
    made = create_place(officer, GOOD)
    edit_place(officer, made.place_id, {"alias": "红楼"})
    edit_place(officer, made.place_id, {"alias": "红楼"})
    assert (entries("place.edit").get().before, entries("place.edit").get().after) == (
        {"alias": "城站广场"}, {"alias": "红楼"},
    )  # fmt: skip
    assert geocode(None, "红楼").candidates[0].reasons == ("alias",)


def test_a_moved_place_lies_in_another_grid(officer):
    ground.unit_grid(ground.COMMUNITY + "002", west=ground.WEST + 0.01)
    made = create_place(officer, GOOD)
    assert edit_place(officer, made.place_id, {"longitude": ground.WEST + 0.015}).grid_code.endswith("002")


def test_a_changed_name_stays_findable(officer):
    made = create_place(officer, GOOD)
    edit_place(officer, made.place_id, {"place_name": "人民广场"}, keeps_old_name=True)
    former = Place.objects.get(historic_of=made)
    assert (former.place_name, former.valid) == ("测试文化广场", "0")
    assert geocode(None, "测试市上城区测试社区测试文化广场").candidates[0].note == "历史地名，现为“人民广场”"


def test_a_retired_place_says_what_it_is_now(officer):
    old, new = create_place(officer, GOOD), create_place(officer, {**GOOD, "place_name": "新天地"})
    retired = retire_place(officer, old.place_id, reason="拆除", successor_id=new.place_id, on=dt.date(2026, 5, 1))
    assert (retired.valid, retired.valid_to, retired.historic_of) == ("0", dt.date(2026, 5, 1), new)
    retire_place(officer, old.place_id, reason="再次")
    assert entries("place.retire").get().reason == "拆除"
    with pytest.raises(Refused):
        edit_place(officer, old.place_id, {"alias": "x"})


@pytest.mark.parametrize("successor", ["nobody", "itself"])
def test_a_successor_must_be_another_place_in_force(officer, successor):
    made = create_place(officer, GOOD)
    with pytest.raises(InvalidInput):
        retire_place(
            officer, made.place_id, reason="x", successor_id=made.place_id if successor == "itself" else successor
        )
    with pytest.raises(InvalidInput):
        retire_place(officer, made.place_id, reason=" ")
    assert Place.objects.get().valid == "1"


def test_others_places_are_left_alone(officer):
    theirs = place(origin_code="330200000000-C")
    with pytest.raises(Refused):
        edit_place(officer, theirs.place_id, {"alias": "x"})
    with pytest.raises(NotThere):
        edit_place(person("data_officer", division_code="330106000000"), theirs.place_id, {"alias": "x"})


def test_keys_are_made_again_where_they_differ(city):
    one = place()
    place("第二小学")
    Place.objects.filter(pk=one.pk).update(names=[], search="")
    assert make_keys_again() == 1
    assert geocode(None, "测试市测试社区测试文化广场").candidates
    assert make_keys_again() == 0
