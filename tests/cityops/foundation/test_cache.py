"""The shared cache: plain values, and a life without Redis."""

import os
import pickle

import pytest
from axes.models import AccessAttempt
from django.core.cache import caches
from redis.exceptions import DataError

from cityops.accounts.services import attempts
from cityops.foundation import cache as steady
from cityops.foundation.cache import PlainSerializer, SteadyRedisCache
from grid.selectors.extents import bounds_of
from tests.factories import grid as ground
from tests.factories import people
from tests.factories.people import PASSWORD, bearer

DEAD = "unix:///nowhere/redis.sock?db=0"


def use(settings, url: str) -> SteadyRedisCache:
    settings.CACHES = {
        "default": {"BACKEND": "cityops.foundation.cache.SteadyRedisCache", "LOCATION": url, "KEY_PREFIX": "test"}
    }
    return caches["default"]


@pytest.fixture
def _rested(monkeypatch):
    monkeypatch.setattr(steady._Rest, "until", 0.0)


@pytest.fixture
def living(settings, _rested):
    cache = use(settings, os.environ["REDIS_URL"])
    cache.clear()
    yield cache
    steady._Rest.until = 0.0
    cache.clear()


@pytest.fixture
def dead(settings, _rested):
    settings.REDIS_URL = DEAD
    cache = use(settings, DEAD)
    cache.meanwhile.clear()
    yield cache
    cache.meanwhile.clear()


@pytest.mark.parametrize("value", [0, -7, True, None, 1.5, "杭州", b"\x00tile", b"12", "12", [1.5, 2], {"a": [None]}])
def test_a_value_comes_back_as_it_was(living, value):
    living.set("key", value, 60)
    assert living.get("key", "missing") == value
    assert type(living.get("key")) is type(value)


def test_numbers_are_counted_by_redis(living):
    assert living.add("count", 1, 60)
    assert not living.add("count", 1, 60)
    assert living.incr("count") == 2
    with pytest.raises(ValueError):
        living.incr("nothing")


def test_nothing_that_lies_in_redis_is_executed(living):
    class Trap:
        def __reduce__(self):
            return os.system, ("exit 1",)

    with pytest.raises(DataError):
        PlainSerializer().loads(pickle.dumps(Trap()))
    living._cache.get_client("key", write=True).set(living.make_key("key"), pickle.dumps(Trap()))
    assert living.get("key", "missing") == "missing"


@pytest.mark.django_db
def test_an_extent_is_the_same_from_the_cache(living):
    ground.ready_city()
    measured = bounds_of("3301")
    assert measured is not None
    assert bounds_of("3301") == measured


def test_without_redis_the_process_counts_by_itself_and_says_so_once(dead, caplog):
    assert dead.get("key", 5) == 5
    assert dead.add("count", 1, 60)
    assert dead.incr("count") == 2
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "Redis failed, this process goes on by itself"
    ]


def test_redis_is_asked_again_after_a_rest(settings, dead, monkeypatch):
    assert dead.get("key") is None
    living = use(settings, os.environ["REDIS_URL"])
    living.set("key", "from here")
    assert dead.meanwhile.get("key") == "from here"
    monkeypatch.setattr(steady._Rest, "until", 0.0)
    assert living.get("key") is None


@pytest.mark.django_db
@pytest.mark.usefixtures("dead")
def test_without_redis_people_sign_in_and_pages_api_and_tiles_answer(client, settings):
    settings.REST_FRAMEWORK = {
        **settings.REST_FRAMEWORK,
        "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    }
    ground.ready_city()
    user = people.person()
    asked = {"username": user.username, "password": PASSWORD}
    assert client.post("/sign-in/", asked).status_code == 302
    for address in ("/", "/cases/", "/api/v1/cases/", "/tiles/grids/14/13655/6743.mvt", "/wall/"):
        assert client.get(address).status_code in (200, 204), address
    assert client.get("/api/v1/cases/", headers=bearer(people.api_token())).status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("dead")
def test_without_redis_wrong_passwords_are_still_counted(client):
    user = people.person()
    for _ in range(5):
        answer = client.post("/sign-in/", {"username": user.username, "password": "wrong"})
    assert answer.status_code == 429
    assert AccessAttempt.objects.get(username=user.username).failures_since_start == 5
    for _ in range(attempts.MOST_FAILURES):
        attempts.note_failure("203.0.113.9")
    assert attempts.has_failed_too_often("203.0.113.9")
