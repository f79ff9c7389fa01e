"""Builders of photos, honest and otherwise."""

import io
import random
import struct
import zlib

from PIL import ExifTags, Image


def picture(seed: int = 1, size: tuple[int, int] = (640, 480), mode: str = "RGB") -> Image.Image:
    """Coloured fields that differ with the seed."""
    dice = random.Random(seed)
    small = Image.new(mode, (8, 6))
    small.putdata([tuple(dice.randrange(256) for _band in small.getbands()) for _pixel in range(48)])
    return small.resize(size, Image.Resampling.BICUBIC)


def as_bytes(image: Image.Image, kind: str = "JPEG", **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def photo(seed: int = 1, size: tuple[int, int] = (640, 480), **options) -> bytes:
    """A JPEG as a camera might send it."""
    return as_bytes(picture(seed, size), **options)


def exif(*, taken="2026:03:01 09:30:00", offset="+08:00", lon=120.005, lat=30.005, orientation=1) -> Image.Exif:
    """What a phone writes into a photo."""
    block = Image.Exif()
    block[ExifTags.Base.Orientation] = orientation
    block[ExifTags.Base.Make] = "canary-maker"
    block[ExifTags.IFD.Exif] = {
        ExifTags.Base.DateTimeOriginal: taken,
        ExifTags.Base.OffsetTimeOriginal: offset,
    }
    block[ExifTags.IFD.GPSInfo] = {
        ExifTags.GPS.GPSLatitudeRef: "N",
        ExifTags.GPS.GPSLatitude: _parts(lat),
        ExifTags.GPS.GPSLongitudeRef: "E",
        ExifTags.GPS.GPSLongitude: _parts(lon),
    }
    return block


def _parts(value: float) -> tuple[float, float, float]:
    degrees, rest = divmod(value, 1)
    minutes, rest = divmod(rest * 60, 1)
    return degrees, minutes, round(rest * 60, 3)


def png_of(width: int, height: int) -> bytes:
    """A PNG whose header announces a size, with next to no bytes in it: a bomb for whoever decodes first."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    lines = zlib.compress((b"\0" * (width + 1)) * height, 9)
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", lines) + chunk(b"IEND", b"")
