"""Photos of a simulated city: drawn from a seed, small, and said to be what they are by a line in the picture.

Two photos of one place show the same scene from another angle, as people take them: the camera moves, the light
changes, and what was reported is gone afterwards. Photos of different places differ in about half of the bits of
their hashes.
"""

import hashlib
import io
from datetime import datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

from PIL import Image, ImageDraw

from cityops.regions.models import CGCS2000
from grid.models import CaseMedia
from grid.rules.distance import metres_between
from grid.rules.tempo import random_of
from grid.rules.transitions import Action
from grid.services import photos
from grid.services.evidence import STAGE_OF
from grid.services.simulator.ground import rid_of
from grid.services.simulator.world import Worker

PHOTO_SHARE = 0.06
"""Share of the cases of a past that have photos."""
SIZE = (320, 240)
RAW = (400, 300)
"""The scene is larger than the picture: the camera chooses its part."""
FULL, ROUGH = 4, 1
"""How finely a scene is drawn: as a file, or only to be measured."""
MOST_FILES = 500
"""Photos of a past that are kept as files; of older ones only what was measured is known."""
USAGE = CaseMedia.Usage
USAGES: dict[Action, tuple[str, ...]] = {
    Action.REPORT: (USAGE.REPORT,),
    Action.VERIFY_TRUE: (USAGE.VERIFY,),
    Action.VERIFY_FALSE: (USAGE.VERIFY,),
    Action.FEED_BACK: (USAGE.HANDLE,),
    Action.PASS_CHECK: (USAGE.CHECK,),
    Action.FAIL_CHECK: (USAGE.CHECK,),
    Action.SELF_HANDLE: (USAGE.SELF_BEFORE, USAGE.SELF_AFTER),
}
"""Photos that people of the city give with a move."""
SHOWN_BEFORE = (USAGE.REPORT, USAGE.VERIFY, USAGE.SELF_BEFORE)
"""Usages that still show what was reported."""


def scene(place: str, rng: Random, *, shows_matter: bool, scale: int = FULL) -> Image.Image:
    """What a camera sees at a place; ``rng`` is the hand that holds it, ``scale`` how finely it is drawn."""
    ground = random_of("scene", place)

    def box(left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
        part = scale / FULL
        return left * part, top * part, right * part, bottom * part

    greys = ground.randbytes(63)
    tint = [ground.randrange(0, 30) for _band in range(3)]
    small = Image.frombytes("RGB", (9, 7), bytes(50 + grey * 5 // 8 + more for grey in greys for more in tint))
    image = small.resize((RAW[0] * scale // FULL, RAW[1] * scale // FULL), Image.Resampling.BILINEAR)
    pen = ImageDraw.Draw(image)
    horizon = ground.randrange(110, 170)
    for _house in range(4):
        left, top, width = ground.randrange(-20, 360), ground.randrange(20, horizon - 20), ground.randrange(40, 110)
        pen.rectangle(box(left, top, left + width, horizon), fill=_wall(ground))
    pen.polygon([*box(0, 300, 140, horizon), *box(220, horizon, 400, 300)], fill=(96, 98, 102))
    matter = [(ground.randrange(120, 260), ground.randrange(190, 250), ground.randbytes(1)[0] // 3) for _ in range(6)]
    if shows_matter:
        for across, down, grey in matter:
            pen.ellipse(box(across, down, across + 46, down + 26), fill=(grey, grey, grey // 2))
    left, top, wide = rng.randrange(4, 76), rng.randrange(4, 56), rng.randrange(300, 324)
    size = (SIZE[0] * scale // FULL, SIZE[1] * scale // FULL)
    part = image.resize(size, Image.Resampling.BILINEAR, box=box(left, top, left + wide, top + wide * 3 // 4))
    light = rng.uniform(0.8, 1.2)
    return part.point([min(255, round(value * light)) for value in range(256)] * 3)


def _wall(ground: Random) -> tuple[int, int, int]:
    """The colour of a house: a grey with a little of something."""
    grey = ground.randrange(60, 210)
    return grey + ground.randrange(30), grey + ground.randrange(20), grey + ground.randrange(10)


def jpeg_of(image: Image.Image) -> bytes:
    """The picture as a file that says that it is simulated."""
    shown = image.copy()
    ImageDraw.Draw(shown).text((8, SIZE[1] - 18), "SIMULATED", fill="white")
    out = io.BytesIO()
    shown.save(out, "JPEG", quality=80)
    return out.getvalue()


def picture_for(rid: Any, usage: str, version: int, seed: int, *, scale: int = FULL) -> Image.Image:
    """The picture that somebody takes for a case."""
    hand = random_of(seed, rid, usage, version, "camera")
    return scene(str(rid), hand, shows_matter=usage in SHOWN_BEFORE, scale=scale)


def photos_of(case: SimpleNamespace, action: Action, worker: Worker, seed: int) -> list[dict[str, Any]]:
    """The rows of the photos given with a move that was just made; a report has one only from a collector."""
    if action is Action.REPORT and case.reporter_type != "1":
        return []
    return [media_row(case, action, worker, usage=usage, seed=seed) for usage in USAGES.get(action, ())]


def media_row(case: SimpleNamespace, action: Action, worker: Worker, *, usage: str, seed: int) -> dict[str, Any]:
    """One row: taken some minutes before, some metres beside, by who made the move."""
    image = picture_for(case.rid, usage, case.version, seed, scale=ROUGH)
    rng = random_of(case.rid, usage, case.version, "place")
    lon, lat = case.spot[0] + rng.gauss(0, 0.00008), case.spot[1] + rng.gauss(0, 0.00007)
    at: datetime = case.updated_at - timedelta(seconds=rng.randrange(20, 240))
    return {
        "media_id": rid_of("media", case.rid, usage, case.version),
        "case_id": case.rid,
        "step_seq": case.version,
        "stage": "01" if action is Action.REPORT else STAGE_OF.get(action, "06"),
        "usage": str(usage),
        "media_type": CaseMedia.MediaType.PHOTO.value,
        "taken_at": at,
        "geom": point(lon, lat),
        "spot": (lon, lat),
        "distance_m": round(metres_between((lon, lat), case.spot), 1),
        "sha256": hashlib.sha256(image.tobytes()).hexdigest(),
        "phash": photos.perceptual_hash(image),
        "device_id": f"SIM{worker.pk}",
        "is_masked": False,
        "file": "",
        "width": SIZE[0],
        "height": SIZE[1],
        "size": 0,
        "uploaded_by_id": worker.pk,
        "uploaded_at": case.updated_at,
        "drawn": (case.rid, usage, case.version, seed),
    }


def point(lon: float, lat: float) -> str:
    """A position as the database reads it."""
    return f"SRID={CGCS2000};POINT({lon:.7f} {lat:.7f})"


def keep_newest(rows: list[dict[str, Any]], most: int = MOST_FILES) -> int:
    """Write the newest photos as files, each with its thumbnail, and name them in their rows; returns their number."""
    newest = sorted(rows, key=lambda row: row["uploaded_at"], reverse=True)[:most]
    for row in newest:
        image = picture_for(*row["drawn"])
        content, row["phash"] = jpeg_of(image), photos.perceptual_hash(image)
        row["file"] = photos.keep_as(row["media_id"].hex, content)
        row["size"], row["sha256"] = len(content), hashlib.sha256(content).hexdigest()
    return len(newest)
