"""The way of a photo into the house: looked at before it is decoded, drawn anew, kept without what it carried.

Nothing of the file that somebody sent is ever served: a JPEG is drawn from its pixels (security marks A15). Time and
place that the file names are claims of a device; they are read out, returned, and leave the picture.
"""

import hashlib
import io
import os
import secrets
import tempfile
import warnings
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import dhash
from django.conf import settings
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext as _
from PIL import ExifTags, Image, ImageOps

from cityops.foundation.coordinates import CoordinateFault, CoordinateSystem, convert
from cityops.foundation.errors import InvalidInput, NotThere, field_fault
from grid.models import CaseMedia

LARGEST_FILE = 10 << 20
"""Bytes of one file (domain notes §7)."""
LARGEST_PIXELS = 50_000_000
"""Pixels that a header may announce; more is refused before a single one is decoded."""
LONGEST_SIDE = 2560
THUMBNAIL_SIDE = 480
QUALITY = 85
FORMATS = ("JPEG", "PNG", "WEBP")
"""What is decoded at all; HEIC where the installed library has it. Other decoders are never asked."""
MARKUP = (b"<script", b"<svg", b"<html", b"<!doctype", b"<iframe", b"<?php", b"%pdf-")
"""Beginnings of something else that a browser or server might make of the same bytes."""
HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"avif")

Image.MAX_IMAGE_PIXELS = LARGEST_PIXELS
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


@dataclass(frozen=True)
class Photo:
    """A photo as it is kept. ``taken_at``, ``longitude`` and ``latitude`` (CGCS2000) are what the file claimed."""

    content: bytes
    """JPEG without any metadata."""
    thumbnail: bytes
    width: int
    height: int
    sha256: str
    """Of the bytes that were sent, 64 hex digits."""
    phash: str
    """Difference hash of the upright picture, 16 hex digits: similar pictures differ in few bits."""
    taken_at: datetime | None = None
    longitude: float | None = None
    latitude: float | None = None


def refusal(rule: str, text: str) -> InvalidInput:
    """Why a file is not taken, as an error that names the field ``photo``."""
    return field_fault("photo", rule, text)


def read_photo(data: bytes) -> Photo:
    """Make of a file what is kept of it.

    Raises InvalidInput with the rule ``empty``, ``too_large``, ``not_a_photo``, ``heic``, ``animated``,
    ``too_many_pixels``, ``hidden_content`` or ``damaged``.
    """
    _check_bytes(data)
    _check_header(data)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            taken_at, place = _claims(image)
            drawn = _drawn(image)
    except MemoryError:
        raise
    except Exception as fault:  # a decoder may fail in any way on bytes that were made to make it fail
        raise refusal("damaged", _("照片内容已损坏，无法读取；请重新拍摄或重新传送。")) from fault
    return Photo(
        content=_jpeg(drawn),
        thumbnail=_jpeg(_at_most(drawn, THUMBNAIL_SIDE)),
        width=drawn.width,
        height=drawn.height,
        sha256=hashlib.sha256(data).hexdigest(),
        phash=perceptual_hash(drawn),
        taken_at=taken_at,
        longitude=place[0] if place else None,
        latitude=place[1] if place else None,
    )


def _check_bytes(data: bytes) -> None:
    """What can be said of a file without understanding it."""
    if not data:
        raise refusal("empty", _("文件是空的；请重新选择照片。"))
    if len(data) > LARGEST_FILE:
        size = f"{len(data) / (1 << 20):.1f}"
        raise refusal("too_large", _("照片有 %s MB，最多 10 MB；请调低相机的照片尺寸后重拍。") % size)
    if data[4:8] == b"ftyp" and data[8:12] in HEIF_BRANDS:
        raise refusal("heic", _("不接收 HEIC/AVIF 照片；请在手机相机设置里选“兼容性最佳”（JPEG）后重拍。"))
    lowered = data.lower()
    if any(mark in lowered for mark in MARKUP) or zipfile.is_zipfile(io.BytesIO(data)):
        raise refusal("hidden_content", _("文件里夹带了照片以外的内容，不能接收；请用相机原片。"))


def _check_header(data: bytes) -> None:
    """What the header announces; no pixel is decoded yet."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
            if width * height > LARGEST_PIXELS:
                raise _too_many(width, height)
            if frames > 1:
                raise refusal("animated", _("不接收动图；请提交单张照片。"))
            image.verify()
    except InvalidInput:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise _too_many() from bomb
    except Exception as fault:  # as above: whatever goes wrong, it is no photo
        raise refusal("not_a_photo", _("这个文件不是照片；只接收 JPEG、PNG 或 WebP 格式。")) from fault


def _too_many(width: int = 0, height: int = 0) -> InvalidInput:
    text = _("照片像素过多（最多 5000 万像素）；请调低相机的照片尺寸后重拍。")
    return refusal("too_many_pixels", f"{width}×{height}: {text}" if width else text)


def _drawn(image: Image.Image) -> Image.Image:
    """The pixels alone, upright, on white, no side longer than allowed; nothing of the file's metadata is left."""
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG need not be decoded larger than it will be kept
    upright = ImageOps.exif_transpose(image)
    small = _at_most(upright, LONGEST_SIDE)
    clean = Image.new("RGB", small.size, "white")
    if small.mode in ("RGBA", "LA", "PA") or "transparency" in small.info:
        seen = small.convert("RGBA")
        clean.paste(seen, mask=seen.getchannel("A"))
    else:
        clean.paste(small.convert("RGB"))
    return clean


def _at_most(image: Image.Image, side: int) -> Image.Image:
    if max(image.size) <= side:
        return image
    scale = side / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    shown = image if image.mode in ("RGB", "RGBA", "L", "LA", "CMYK") else image.convert("RGBA")
    return shown.resize(size, Image.Resampling.LANCZOS)


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def perceptual_hash(image: Image.Image) -> str:
    """Difference hash by rows (8 × 8 bits) as 16 hex digits."""
    grey = image.convert("L").resize((9, 9), Image.Resampling.LANCZOS)
    row, _column = dhash.dhash_row_col(list(grey.tobytes()), size=8)
    return f"{row:016x}"


# --- what the file claims


def _claims(image: Image.Image) -> tuple[datetime | None, tuple[float, float] | None]:
    """Time and place of the EXIF block; None where it says nothing or nonsense, which is no fault of the photo."""
    taken_at, place = None, None
    with suppress(Exception):  # any tag may hold anything
        exif = image.getexif()
        with suppress(Exception):
            taken_at = _taken_at(exif)
        with suppress(Exception):
            place = _place(exif.get_ifd(ExifTags.IFD.GPSInfo))
    return taken_at, place


def _taken_at(exif: Image.Exif) -> datetime | None:
    """DateTimeOriginal with its offset; without one it is read as the city's own time. Nothing before 2000."""
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    text = str(inner.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime) or "").strip("\0 ")
    if not text:
        return None
    offset = str(inner.get(ExifTags.Base.OffsetTimeOriginal) or "").strip("\0 ")
    plain = datetime.strptime(text, "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 (the offset, if any, is another tag)
    taken = plain.replace(tzinfo=_offset(offset) or get_default_timezone())
    return taken if taken.year >= 2000 else None


def _offset(text: str) -> timezone | None:
    """+08:00 as a time zone."""
    if len(text) != 6 or text[0] not in "+-":
        return None
    span = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return timezone(-span if text[0] == "-" else span)


def _place(gps: dict[int, Any]) -> tuple[float, float] | None:
    """Longitude and latitude in CGCS2000 (devices give WGS-84, which is taken as equal)."""
    lat, lon = gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLongitude)
    if lat is None or lon is None:
        return None
    north = _degrees(lat) * (-1 if gps.get(ExifTags.GPS.GPSLatitudeRef) == "S" else 1)
    east = _degrees(lon) * (-1 if gps.get(ExifTags.GPS.GPSLongitudeRef) == "W" else 1)
    if (east, north) == (0.0, 0.0):  # what a device writes that knows nothing
        return None
    try:
        return convert(east, north, CoordinateSystem.WGS84)
    except CoordinateFault:
        return None


def _degrees(parts: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600


# --- where pictures lie


def media_folder() -> Path:
    """The private folder of this node's pictures; no web server reads it."""
    return Path(settings.CITYOPS_MEDIA_DIR) / settings.CITYOPS_NODE


def path_of(name: str) -> Path:
    """Where a stored picture lies."""
    return media_folder() / name


def thumbnail_name(name: str) -> str:
    """Name of the small picture beside a large one."""
    return name.removesuffix(".jpg") + "-s.jpg"


def stored_picture(media: CaseMedia, *, is_small: bool = False) -> Path:
    """The file of a photo, or of the small picture beside it. Raises NotThere where it does not lie here: pictures
    stay in the city that took them.
    """
    path = path_of(thumbnail_name(media.file) if is_small else media.file)
    if not (media.file and path.is_file()):
        raise NotThere(_("照片原件只保存在拍摄它的城市，这里没有；需要时请向该市调阅。"))
    return path


def file_name(media: CaseMedia) -> str:
    """What the picture is called where somebody keeps it."""
    return f"{media.pk.hex}.jpg"


def keep(photo: Photo) -> str:
    """Write picture and thumbnail under a random name, two folders deep; returns it. All or nothing."""
    token = secrets.token_hex(16)
    name = f"{token[:2]}/{token[2:4]}/{token}.jpg"
    try:
        _write(path_of(thumbnail_name(name)), photo.thumbnail)
        _write(path_of(name), photo.content)
    except BaseException:
        drop(name)
        raise
    return name


def keep_as(token: str, content: bytes) -> str:
    """Write a small picture that was drawn here under a name of its own; it is its own thumbnail. Returns the name.

    Written again it is the same file.
    """
    name = f"{token[:2]}/{token[2:4]}/{token}.jpg"
    path, small = path_of(name), path_of(thumbnail_name(name))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o600)
    small.unlink(missing_ok=True)
    small.hardlink_to(path)
    return name


def drop(name: str) -> None:
    """Remove a picture with its thumbnail; what is gone already is no fault."""
    if name:
        path_of(name).unlink(missing_ok=True)
        path_of(thumbnail_name(name)).unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    """Readable by this account alone; there whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, waiting = tempfile.mkstemp(suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(waiting).replace(path)
    except BaseException:
        Path(waiting).unlink(missing_ok=True)
        raise
