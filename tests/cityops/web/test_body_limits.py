"""Bodies: refused unread where they are too large, or sent by whom nobody knows."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.test import Client

from cityops.foundation.bodies import LARGEST_BODY
from sync.exchange.peer import views
from tests.factories import people
from tests.factories.people import bearer

pytestmark = pytest.mark.django_db
PAGE, API = "/ground/imports/new/", "/api/v1/imports/"


@pytest.fixture
def files(monkeypatch):
    """How many files of a body were begun on the disk."""
    begun = []
    monkeypatch.setattr(TemporaryFileUploadHandler, "new_file", lambda *_a, **_k: begun.append(1))
    return begun


@pytest.fixture
def large():
    return {"file": SimpleUploadedFile("grids.csv", b"x" * (3 << 20)), "kind": "grids"}


@pytest.fixture
def strict():
    return Client(enforce_csrf_checks=True)


@pytest.mark.parametrize("address", ["/sign-in/", "/account/language/", PAGE, "/api/v1/cases/", "/sync/v1/join"])
def test_a_stranger_writes_nothing_to_the_disk(strict, files, large, address):
    answer = strict.post(address, large, headers={"Authorization": "Bearer x"})
    assert answer.status_code == 413
    if address.startswith(("/api/", "/sync/")):
        assert answer.json()["code"] == "too_large"
    else:
        assert "内容过大" in answer.content.decode()
    assert not files


def test_the_api_looks_at_its_caller_before_it_reads(strict, files, large):
    assert strict.post(API, large, headers={"Authorization": "Bearer x"}).status_code == 401
    assert not files


def test_a_peer_that_is_no_child_is_refused_before_its_body_is_read(client, monkeypatch):
    monkeypatch.setattr(views, "_body", lambda _request: pytest.fail("the body was read"))
    monkeypatch.setattr(views, "_signed", lambda response, *_words: response)
    words = {"Node": "330200000000-C", "To": "330100000000-C", "Key": "k", "Time": "t", "Signature": "00"}
    headers = {f"CityOps-{name}": value for name, value in words.items()}
    answer = client.generic("POST", "/sync/v1/push", b"x" * (2 << 20), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "HOP")


def test_who_may_not_import_sends_no_large_file_either(strict, files, large):
    strict.force_login(people.person("collector"))
    assert strict.post(PAGE, large).status_code == 413
    assert not files


def test_who_may_import_sends_a_large_file(client, large):
    user = people.person("data_officer")
    client.force_login(user)
    assert client.post(PAGE, large).status_code == 302
    token = people.api_token()
    large["file"].seek(0)
    assert client.post(API, large, headers=bearer(token)).status_code == 201


def test_nobody_sends_more_than_the_largest_import(client):
    client.force_login(people.person("data_officer"))
    for address in (PAGE, API):
        answer = client.generic("POST", address, b"x", CONTENT_LENGTH=str(400 << 20))
        assert answer.status_code == 413


@pytest.mark.parametrize("length", ["", "-1", "many"])
def test_a_body_that_hides_its_length_is_refused(client, length):
    more = {"CONTENT_LENGTH": length} | ({} if length else {"HTTP_TRANSFER_ENCODING": "chunked"})
    assert client.generic("POST", "/sign-in/", b"", **more).status_code == 413


def test_a_form_of_the_largest_size_and_an_empty_one_are_taken(client):
    assert client.post("/sign-in/", {"username": "a", "password": "x" * (LARGEST_BODY - 1000)}).status_code == 200
    assert client.post("/sign-in/").status_code == 200
