"""Small pictures follow their records: announced, resumed where they were cut, kept only with the right hash."""

import hashlib
import uuid

import msgspec
import pytest
from django.urls import reverse
from django.utils import timezone

from grid.models import CaseMedia
from grid.services import photos
from sync.exchange.models import Blob, Link
from sync.exchange.rules.calls import Announced
from sync.exchange.rules.crypto import suite
from sync.exchange.rules.hop import Call
from sync.exchange.services import blobs, running, uploading
from tests.factories import grid as ground
from tests.sync.exchange.conftest import CITY, PROVINCE
from tests.sync.exchange.test_peer_calls import call, fresh, refused  # noqa: F401

pytestmark = pytest.mark.django_db
PICTURE = bytes(range(256)) * 12
SHA = hashlib.sha256(PICTURE).hexdigest()


@pytest.fixture(autouse=True)
def media_folder(settings, tmp_path):
    settings.CITYOPS_MEDIA_DIR = tmp_path


def photo(case, **fields) -> CaseMedia:
    now = timezone.now()
    return CaseMedia.objects.create(
        case=case, usage="report", taken_at=now, uploaded_at=now, sha256="ab" * 32, **fields
    )


def announced(key, **fields) -> dict:
    return {"dataset": "GL01", "block": "media", "key": str(key), "sha256": SHA, "size": len(PICTURE), **fields}


def put(call, client, piece: bytes, content_range: str, sha=SHA):  # noqa: F811
    """One signed PUT of the city."""
    path, numbers = reverse("peer-blob", args=[sha]), fresh(call)
    signed = Call(
        method="PUT", path=path, sender=CITY, receiver=PROVINCE, kid=call.sent.key.kid, time="2026",
        **numbers,
    )  # fmt: skip
    headers = signed.headers(suite("intl").sign(call.sent.private, signed.text(piece)))
    return client.put(
        path, piece, content_type="application/octet-stream", headers={**headers, "Content-Range": content_range}
    )


def test_a_picture_comes_in_pieces_is_resumed_and_tied_to_its_record(call, client):  # noqa: F811
    held = photo(ground.stored_case(origin_code=CITY))
    answer = call("blobs", {"items": [announced(held.pk)]}, **fresh(call))
    assert answer.json() == {"missing": {SHA: 0}}
    assert blobs.missing_of(CITY, "GL01") == 1
    assert put(call, client, PICTURE[:1000], "bytes 0-999/3072").json() == {"have": 1000, "complete": False}
    assert put(call, client, PICTURE[:1000], "bytes 0-999/3072").json()["have"] == 1000  # the answer was lost
    assert put(call, client, PICTURE[2000:], "bytes 2000-3071/3072").json()["have"] == 1000  # does not follow
    assert put(call, client, b"", "bytes */3072").json()["have"] == 1000
    assert call("blobs", {"items": [announced(held.pk)]}, **fresh(call)).json() == {"missing": {SHA: 1000}}
    assert put(call, client, PICTURE[1000:], "bytes 1000-3071/3072").json() == {"have": 3072, "complete": True}
    assert put(call, client, PICTURE[1000:], "bytes 1000-3071/3072").json()["complete"] is True
    assert blobs.tie() == 1
    held.refresh_from_db()
    assert photos.stored_picture(held, is_small=True).read_bytes() == PICTURE
    assert blobs.missing_of(CITY, "GL01") == 0
    assert blobs.tie() == 0


def test_another_content_is_refused_audited_and_begins_anew(call, client):  # noqa: F811
    call("blobs", {"items": [announced(uuid.uuid4())]}, **fresh(call))
    refused(put(call, client, b"x" * 3072, "bytes 0-3071/3072"), "HASH")
    assert put(call, client, b"", "bytes */3072").json() == {"have": 0, "complete": False}
    assert put(call, client, PICTURE, "bytes 0-3071/3072").json()["complete"] is True
    assert blobs.tie() == 0  # its record has not come yet


@pytest.mark.parametrize(
    ("item", "code"),
    [
        (announced(uuid.UUID(int=1), dataset="XX99"), "MALFORMED"),
        (announced(uuid.UUID(int=1), size=500 << 20), "TOO_LARGE"),
        (announced(uuid.UUID(int=1), sha256="zz"), "MALFORMED"),
        (announced(uuid.UUID(int=7)), "SCOPE"),
    ],
)
def test_what_is_no_attachment_or_somebody_else_s_is_not_announced(call, item, code):  # noqa: F811
    facts = {"dataset": "GL01", "block": "media", "key": uuid.UUID(int=7), "sha256": SHA, "size": 1}
    Blob.objects.create(owner_code="330200000000-C", **facts)
    refused(call("blobs", {"items": [item]}, **fresh(call)), code)
    assert Blob.objects.count() == 1


@pytest.mark.parametrize("said", ["", "bytes 0-1/3072", "bytes 0-3071/9", "bytes 0-9999/3072", "bytes 5-2/3072", "x"])
def test_a_range_that_does_not_fit_is_malformed_and_an_unannounced_hash_out_of_scope(call, client, said):  # noqa: F811
    call("blobs", {"items": [announced(uuid.uuid4())]}, **fresh(call))
    refused(put(call, client, PICTURE, said), "MALFORMED")
    refused(put(call, client, PICTURE, "bytes 0-3071/3072", sha="ab" * 32), "SCOPE")


class Wire:
    """The parent's handler of attachments behind the sender, with a road that can be cut."""

    def __init__(self, link: Link, *, cut_after: int = 10**6) -> None:
        self.link, self.left, self.puts = link, cut_after, 0

    def call(self, name, body, *, method="POST", headers=None):
        if method == "POST":
            items = msgspec.json.decode(body, type=Announced).items
            return 200, msgspec.json.encode({"missing": self.known(items)})
        if not self.left:
            raise ConnectionError
        self.left, self.puts = self.left - 1, self.puts + 1
        self.have[name.removeprefix("blobs/")] = self.have.get(name.removeprefix("blobs/"), b"") + body
        content = self.have[name.removeprefix("blobs/")]
        is_whole = hashlib.sha256(content).hexdigest() == name.removeprefix("blobs/")
        return 200, msgspec.json.encode({"have": len(content), "complete": is_whole})

    have: dict[str, bytes] = {}

    def known(self, items):
        whole = {sha for sha, content in self.have.items() if hashlib.sha256(content).hexdigest() == sha}
        return {one.sha256: len(self.have.get(one.sha256, b"")) for one in items if one.sha256 not in whole}


def test_the_owner_sends_small_pictures_by_the_policy_only_and_goes_on_after_a_cut(city, settings, monkeypatch):
    monkeypatch.setattr(blobs, "PIECE_BYTES", 1000)
    link = Link.objects.create(peer_code=PROVINCE, role="parent", state="live")
    photo(ground.stored_case(), file=photos.keep_as(uuid.uuid4().hex, PICTURE))
    photo(ground.stored_case(case_no="2"))
    Wire.have = {}
    assert uploading.send(Wire(link), running.Deadline(9)) == 0
    assert not Blob.objects.exists()  # by default pictures stay
    settings.SYNC_THUMBNAILS = True
    with pytest.raises(ConnectionError):
        uploading.send(Wire(link, cut_after=2), running.Deadline(9))
    assert blobs.missing_of(CITY, "GL01") == 1
    again = Wire(link)
    assert uploading.send(again, running.Deadline(9)) == 1
    assert again.puts == 2
    assert Wire.have == {SHA: PICTURE}
    assert uploading.send(Wire(link), running.Deadline(9)) == 0
    assert blobs.missing_of(CITY, "GL01") == 0
