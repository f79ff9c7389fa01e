"""The tile pass: what it spares, whom it serves, and what ends it."""

import time

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.http import HttpResponse
from django.test import Client as DjangoClient
from django.test.client import ClientHandler

from cityops.accounts.models import Organisation, Role
from cityops.accounts.rules.sessions import SEEN
from cityops.accounts.services import grants, own, people
from grid.web import tile_door, tile_pass
from grid.web.tile_door import TileDoor
from tests.factories import grid as ground
from tests.factories import people as somebody
from tests.grid.test_tiles import address

pytestmark = pytest.mark.django_db
TILE = "grids", 14


class Behind(ClientHandler):
    """The handler of the test client, behind the door for tiles."""

    def __call__(self, environ):
        seen, told = [], []
        door = TileDoor(lambda asked, start: seen.append(super(Behind, self).__call__(asked)) or [])
        for signal in (request_started, request_finished):  # the connection is the test's
            signal.disconnect(close_old_connections)
        try:
            body = b"".join(door(environ, lambda status, headers: told.append((status, headers))))
        finally:
            for signal in (request_started, request_finished):
                signal.connect(close_old_connections)
        if seen:
            return seen[0]
        ((status, headers),) = told
        answer = HttpResponse(body, status=int(status[:3]))
        del answer["Content-Type"]
        for name, value in headers:
            answer[name] = value
        answer.wsgi_request, answer.templates, answer.context = WSGIHandler.request_class(environ), [], None
        return answer


class Client(DjangoClient):
    """A browser that comes through the door."""

    def __init__(self, **defaults):
        super().__init__(HTTP_HOST="testserver", **defaults)
        self.handler = Behind(enforce_csrf_checks=False)


@pytest.fixture
def client():
    return Client()


@pytest.fixture(autouse=True)
def city():
    ground.ready_city()
    cache.clear()


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """A block that ends as a real transaction does."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def leader(committed):
    with committed():
        return somebody.person()


@pytest.fixture
def passed(client, leader, django_assert_num_queries):
    """A signed-in person with a pass and the tile in the cache."""
    client.force_login(leader)
    assert client.get(address(*TILE)).status_code == 200
    with django_assert_num_queries(0):
        assert client.get(address(*TILE)).status_code == 200
    return client


def is_checked_again(client) -> bool:
    """Whether the next tile is asked for the whole way."""
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    return tile_pass.find(key, tile_pass.place_of(address(*TILE))).scope == ""


def test_the_answer_is_the_same_with_and_without_the_pass(client, leader):
    client.force_login(leader)
    checked, quick = client.get(address(*TILE)), client.get(address(*TILE))
    assert quick.content == checked.content
    assert quick.headers["ETag"] == checked.headers["ETag"]
    left = {name for name in checked.headers if checked.headers[name] != quick.headers.get(name)}
    assert left == {"Content-Language", "Content-Security-Policy", "X-Request-ID"}
    assert "Cookie" in quick.headers["Vary"]
    assert quick.headers["Cache-Control"].startswith("private")


def test_a_known_etag_is_answered_without_a_question(passed, django_assert_num_queries):
    etag = passed.get(address(*TILE)).headers["ETag"]
    with django_assert_num_queries(0):
        again = passed.get(address(*TILE), headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


def test_the_next_tiles_are_drawn_for_the_region_of_the_pass(passed, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert passed.get(address("grids", 13)).status_code == 200
    with django_assert_num_queries(1):
        assert passed.get("/tiles/grids/14/0/0.mvt").status_code == 204
    assert passed.get("/tiles/grids/3/8/0.mvt").status_code == 404


def test_whoever_is_bound_to_an_organisation_is_always_checked_before_drawing(committed):
    with committed():
        person = somebody.person("department", organisation=somebody.organisation())
    browser = Client()
    browser.force_login(person)
    for _ in range(2):
        browser.get(address("cases", 14))
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    place = tile_pass.place_of(address("cases", 13))
    found = tile_pass.find(key, place)
    assert not found.scope.endswith("*:*")
    assert tile_door._drawn(place, found) is None


def test_another_citys_person_is_not_served_what_lies_in_the_cache(passed, committed):
    with committed():
        other = somebody.person(division_code=somebody.NINGBO)
    browser = Client()
    browser.force_login(other)
    assert [browser.get(address(*TILE)).status_code for _ in range(2)] == [204, 204]
    assert passed.get(address(*TILE)).status_code == 200


def test_nobody_without_a_session_is_served(passed):
    browser = Client()
    assert browser.get(address(*TILE)).status_code == 302
    browser.cookies[settings.SESSION_COOKIE_NAME] = "somebody-elses-guess"
    assert browser.get(address(*TILE)).status_code == 302


def test_a_name_that_is_not_ours_is_refused(passed):
    assert passed.get(address(*TILE), headers={"Host": "elsewhere.example"}).status_code == 400


def test_an_address_that_must_be_secure_is_left_to_django(settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_HSTS_SECONDS = 60
    frame = tile_door._frame.__wrapped__
    assert frame("testserver", "http", "") is None
    assert ("Strict-Transport-Security", "max-age=60") in frame("testserver", "http", "https")


def test_a_pass_opens_only_permitted_layers(client, committed):
    with committed():
        admin, leader = somebody.person("system_admin"), somebody.person()
    seen, browser = Client(), Client()
    seen.force_login(leader)
    seen.get(address("grids", 14))
    browser.force_login(admin)
    assert [browser.get(address("divisions", 9)).status_code for _ in range(2)] == [200, 200]
    assert browser.get(address("cases", 14)).status_code == 403


def test_signing_out_ends_the_pass_for_good(passed):
    key = passed.cookies[settings.SESSION_COOKIE_NAME].value
    passed.post("/sign-out/")
    passed.cookies[settings.SESSION_COOKIE_NAME] = key
    assert passed.get(address(*TILE)).status_code == 302
    place = tile_pass.place_of(address(*TILE))
    turn = tile_pass.find(key, place).turn
    tile_pass.give({"cityops_began": int(time.time()), SEEN: int(time.time())}, key, turn, {"grids": "3301:*:*"})
    assert tile_pass.find(key, place).scope == ""


@pytest.mark.parametrize("change", ["roles", "password", "disabled", "role", "division", "bound", "organisation"])
def test_a_change_of_rights_ends_every_pass(passed, leader, committed, change):
    officer = somebody.person("security_admin")
    with committed():
        match change:
            case "roles":
                people.assign_roles(officer, leader, [], reason="调岗")
            case "password":
                own.set_password(leader, "another-Horse-battery-7", by_owner=True)
            case "disabled":
                people.set_active(officer, leader, False, reason="离职")
            case "role":
                Role.objects.get(code="duty_leader").permissions.clear()
            case "division":
                leader.division_code = somebody.division(somebody.NINGBO).code
                leader.save()
            case "bound":
                role = Role.objects.get(code="duty_leader")
                role.is_bound_to_organisation = True
                role.save()
            case "organisation":
                Organisation.objects.get(pk=somebody.organisation().pk).delete()
    assert is_checked_again(passed)


def test_a_person_without_the_role_any_more_is_refused(passed, leader, committed):
    with committed():
        people.assign_roles(somebody.person("security_admin"), leader, [], reason="调岗")
    assert passed.get(address(*TILE)).status_code == 403


def test_a_request_that_began_before_the_change_leaves_no_pass(passed):
    key = passed.cookies[settings.SESSION_COOKIE_NAME].value
    place = tile_pass.place_of(address(*TILE))
    before = tile_pass.find(key, place).turn
    tile_pass.begin_turn()
    now = int(time.time())
    tile_pass.give({"cityops_began": now, SEEN: now}, key, before, {"grids": "3301:*:*"})
    assert tile_pass.find(key, place).scope == ""


def test_a_pass_does_not_outlast_the_idle_session(client, leader):
    client.force_login(leader)
    session = client.session
    session[SEEN] = int(time.time()) - settings.CITYOPS_SESSION_IDLE_SECONDS + 1
    now = dict(session.items())
    assert tile_pass._seconds_left(now) <= 1
    now[SEEN] -= 5
    assert tile_pass._seconds_left(now) <= 0
    assert tile_pass._seconds_left({}) == 0


def test_a_single_grant_ends_every_pass(passed, leader, committed):
    case = ground.registered()
    with committed():
        grants.grant(leader, somebody.person(), case, reason="联合处置")
    assert is_checked_again(passed)


def test_what_waits_for_somebody_is_kept_for_nobody_else(passed, committed):
    ground.registered()
    waiting = address("cases", 14) + "?view=waiting"
    redis, kept_here = tile_pass.client(settings.REDIS_URL), f"{settings.CITYOPS_NODE}:tile:*:cases:14:*"
    before = set(redis.keys(kept_here))
    passed.get(waiting)
    with committed():
        other = somebody.person(("audit_admin", "duty_leader"))
    browser = Client()
    browser.force_login(other)
    browser.get(waiting)
    assert len(set(redis.keys(kept_here)) - before) == 2
