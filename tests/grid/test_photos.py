"""The way of a photo into the house, without a database: what is refused, what is kept, what the file claimed."""

import hashlib
import io
import stat
import tracemalloc
import zipfile
from datetime import UTC, datetime

import pytest
from PIL import Image, ImageChops, PngImagePlugin

from cityops.foundation.errors import InvalidInput
from grid.services import photos
from grid.services.photos import read_photo
from tests.factories.photos import as_bytes, exif, photo, picture, png_of


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.CITYOPS_MEDIA_DIR = tmp_path


def rule_of(data: bytes) -> str:
    with pytest.raises(InvalidInput) as refused:
        read_photo(data)
    return refused.value.facts["errors"][0]["code"]


def zipped(name: str, body: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr(name, body)
    return out.getvalue()


def animated(kind: str) -> bytes:
    return as_bytes(picture(1), kind, save_all=True, append_images=[picture(2), picture(3)])


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
REFUSED = {
    "nothing": (lambda: b"", "empty"),
    "a text": (lambda: b"this is no photo", "not_a_photo"),
    "a table": (lambda: b"a,b,c\n" * 100, "not_a_photo"),
    "an SVG with a script": (lambda: SVG, "hidden_content"),
    "an SVG in capitals": (SVG.upper, "hidden_content"),
    "a page": (lambda: b"<!DOCTYPE html><html></html>", "hidden_content"),
    "a zip": (lambda: zipped("x.jpg", photo()), "hidden_content"),
    "a zip bomb": (lambda: zipped("bomb", b"\0" * 20_000_000), "hidden_content"),
    "a GIF": (lambda: as_bytes(picture(1), "GIF"), "not_a_photo"),
    "a TIFF": (lambda: as_bytes(picture(1), "TIFF"), "not_a_photo"),
    "a BMP": (lambda: as_bytes(picture(1), "BMP"), "not_a_photo"),
    "an AVIF": (lambda: as_bytes(picture(1), "AVIF"), "heic"),
    "a HEIC": (lambda: b"\0\0\0\x18ftypheic" + b"\0" * 400, "heic"),
    "a moving PNG": (lambda: animated("PNG"), "animated"),
    "a moving WebP": (lambda: animated("WEBP"), "animated"),
    "10,000 × 10,000 pixels": (lambda: png_of(10_000, 10_000), "too_many_pixels"),
    "30,000 × 30,000 pixels": (lambda: as_bytes(Image.new("1", (20_000, 20_000)), "PNG"), "too_many_pixels"),
    "a JPEG with a page behind it": (lambda: photo() + b"<html><script>alert(1)</script>", "hidden_content"),
    "a JPEG with a script in its comment": (lambda: photo(comment=b"<script>alert(1)</script>"), "hidden_content"),
    "a JPEG with a zip behind it": (lambda: photo() + zipped("evil.class", b"x"), "hidden_content"),
    "a JPEG cut off": (lambda: photo(size=(900, 900))[:-3000], "damaged"),
    "a JPEG's head alone": (lambda: photo()[:20], "not_a_photo"),
    "10 MB and one byte": (lambda: photo() + b"\0" * (photos.LARGEST_FILE + 1 - len(photo())), "too_large"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_photo_is_refused_and_the_reason_named(name):
    made, rule = REFUSED[name]
    assert rule_of(made()) == rule


def test_a_bomb_is_refused_before_it_is_decoded():
    bomb = png_of(10_000, 10_000)
    assert len(bomb) < 200_000
    tracemalloc.start()
    try:
        rule_of(bomb)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_is_kept_is_a_jpeg_that_looks_the_same(kind):
    found = read_photo(as_bytes(picture(4), kind))
    with Image.open(io.BytesIO(found.content)) as kept:
        assert (kept.format, kept.size, kept.mode) == ("JPEG", (640, 480), "RGB")
        seen = ImageChops.difference(kept.convert("RGB"), picture(4)).convert("L")
        assert sum(seen.histogram()[:25]) / (640 * 480) > 0.95
    assert found.sha256 == hashlib.sha256(as_bytes(picture(4), kind)).hexdigest()


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1", "LA", "RGBA", "I;16"])
def test_pictures_of_every_kind_become_plain_colour(mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    found = read_photo(
        as_bytes(picture(5).convert("I").convert(mode) if mode == "I;16" else picture(5).convert(mode), kind)
    )
    with Image.open(io.BytesIO(found.content)) as kept:
        assert (kept.mode, kept.size) == ("RGB", (640, 480))


def test_what_is_transparent_becomes_white():
    found = read_photo(as_bytes(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG"))
    with Image.open(io.BytesIO(found.content)) as kept:
        assert min(kept.getpixel((25, 25))) > 250


@pytest.mark.parametrize(
    ("size", "kept"), [((640, 480), (640, 480)), ((5200, 2600), (2560, 1280)), ((100, 5120), (50, 2560))]
)
def test_the_longest_side_is_limited_and_nothing_is_enlarged(size, kept):
    found = read_photo(photo(size=size))
    assert (found.width, found.height) == kept
    with Image.open(io.BytesIO(found.thumbnail)) as small:
        assert max(small.size) == 480


def test_nothing_that_the_file_carried_is_left_in_what_is_kept():
    extra = PngImagePlugin.PngInfo()
    extra.add_text("Comment", "canary-text")
    for sent in (
        photo(exif=exif(), comment=b"canary-comment", icc_profile=b"canary-profile"),
        as_bytes(picture(1), "PNG", pnginfo=extra, exif=exif()),
        as_bytes(picture(1), "WEBP", exif=exif(), xmp=b"canary-xmp"),
    ):
        assert b"canary" in sent
        found = read_photo(sent)
        for kept in (found.content, found.thumbnail):
            assert b"canary" not in kept
            assert b"Exif" not in kept
            with Image.open(io.BytesIO(kept)) as image:
                assert not image.getexif()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_kept_upright(orientation):
    found = read_photo(photo(size=(600, 300), exif=exif(orientation=orientation)))
    assert (found.width, found.height) == ((600, 300) if orientation < 5 else (300, 600))


def test_time_and_place_of_the_device_are_read_as_claims():
    found = read_photo(photo(exif=exif()))
    assert found.taken_at == datetime(2026, 3, 1, 1, 30, tzinfo=UTC)
    assert found.longitude == pytest.approx(120.005, abs=1e-6)
    assert found.latitude == pytest.approx(30.005, abs=1e-6)


def test_a_time_without_an_offset_is_the_citys_own():
    assert read_photo(photo(exif=exif(offset=""))).taken_at == datetime(2026, 3, 1, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "claims",
    [{"taken": "0000:00:00 00:00:00"}, {"taken": "yesterday"}, {"taken": "1970:01:01 00:00:00"}, {"offset": "+99:99"}],
)
def test_nonsense_about_the_time_is_no_claim_and_no_fault(claims):
    assert read_photo(photo(exif=exif(**claims))).taken_at is None


@pytest.mark.parametrize("claims", [{"lon": 0.0, "lat": 0.0}, {"lat": 130.0}])
def test_nonsense_about_the_place_is_no_claim_and_no_fault(claims):
    assert read_photo(photo(exif=exif(**claims))).longitude is None


def test_a_broken_block_of_claims_does_not_spoil_the_photo():
    sent = photo(exif=exif())
    at = sent.index(b"Exif\0\0") + 6
    assert read_photo(sent[:at] + b"\xff" * 40 + sent[at + 40 :]).taken_at is None


def distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def test_the_perceptual_hash_knows_a_picture_again_after_it_was_changed():
    first = read_photo(photo(7)).phash
    assert len(first) == 16
    assert distance(first, read_photo(photo(7, size=(1200, 900), quality=40)).phash) <= 4
    assert distance(first, read_photo(as_bytes(picture(7), "WEBP", quality=60)).phash) <= 4
    assert distance(first, read_photo(photo(8)).phash) >= 12


def test_names_are_random_folders_two_deep_and_files_private(tmp_path):
    found = read_photo(photo())
    one, other = photos.keep(found), photos.keep(found)
    assert one != other
    assert len(one.split("/")) == 3
    assert len(one) <= 80
    for name in (one, photos.thumbnail_name(one)):
        assert stat.S_IMODE(photos.path_of(name).stat().st_mode) == 0o600
    assert photos.path_of(one).read_bytes() == found.content
    photos.drop(one)
    photos.drop(one)
    assert [path for path in tmp_path.rglob("*.jpg") if photos.path_of(one).stem in path.name] == []


def test_a_full_disk_leaves_nothing_half_written(monkeypatch, tmp_path):
    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(photos.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        photos.keep(read_photo(photo()))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
