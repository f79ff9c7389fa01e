"""Photos of cases 案件附件 (GL03): taken in once by the client's own name of them, then tied to a case by a move."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from django.contrib.gis.geos import Point
from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.coordinates import CoordinateFault, CoordinateSystem, convert
from cityops.foundation.errors import NotAllowed, NotThere, Refused, field_fault
from cityops.regions.models import CGCS2000
from grid.models import Case, CaseMedia
from grid.models.media import CaseMediaQuerySet
from grid.rules.distance import metres_between
from grid.services import photos

PERMISSION = "grid.add_media"
MOST_OF_CASE = 40
"""Photos of one case, over all its rounds of handling."""
MOST_BYTES_OF_CASE = 50 << 20
"""Bytes of all photos of a case as they are kept (domain notes §7)."""
MOST_LOOSE = 60
"""Photos that one person may have waiting without a case."""
LOOSE_FOR = timedelta(hours=24)
"""So long a photo waits for its case; then it goes."""
STAGES: dict[str, str] = {
    CaseMedia.Usage.REPORT: "01",
    CaseMedia.Usage.SELF_BEFORE: "01",
    CaseMedia.Usage.SELF_AFTER: "06",
    CaseMedia.Usage.VERIFY: "02",
    CaseMedia.Usage.HANDLE: "07",
    CaseMedia.Usage.CHECK: "08",
    CaseMedia.Usage.OTHER: "",
}
"""Usage → stage (CL_STAGE), where the move says nothing else."""


HELD: list[Callable[[], QuerySet[Any]]] = []
"""What keeps photos that have no case: querysets of their keys. Filled by apps above."""


class SentFile(Protocol):
    """What an uploaded file offers."""

    def read(self, size: int = -1, /) -> bytes:
        """Its next bytes."""
        ...


@dataclass(frozen=True)
class Claim:
    """What the device says of a photo: when, where (degrees, CGCS2000 or WGS-84), and which device it is."""

    taken_at: datetime | None = None
    longitude: float | None = None
    latitude: float | None = None
    device_id: str = ""


def store(
    user: User | None,
    file: SentFile,
    *,
    media_id: uuid.UUID,
    usage: str,
    taken_at: datetime | None = None,
    longitude: float | None = None,
    latitude: float | None = None,
    device_id: str = "",
    case: Case | str | None = None,
) -> CaseMedia:
    """Take a photo in; with ``case`` (itself or its number) it is tied to it at once.

    ``media_id`` is the client's own name of the photo: the same content sent again is the same photo, other content
    under it is refused. ``user`` is None for the public, whose door looks itself at who comes. Time and place are
    claims: the caller's, else those of the file; without any the time is that of arrival.

    Raises NotAllowed without ``grid.add_media``; InvalidInput for what is no photo, an unknown usage, a point that is
    none, or an identifier that is taken; NotThere where the case is not the person's to work on; Refused where too
    many photos wait or the case takes no more.
    """
    if user is not None and not user.has_perm(PERMISSION):
        raise NotAllowed(_("您没有提交照片的权限。"))
    if usage not in CaseMedia.Usage.values:
        raise field_fault("usage", "code", _("没有这种用途；可用：%s。") % "、".join(CaseMedia.Usage.values))
    photo = photos.read_photo(file.read(photos.LARGEST_FILE + 1))
    claim = Claim(taken_at, longitude, latitude, device_id.strip()[:40])
    target = _workable(user, case) if case is not None else None
    known = _known(user, media_id, photo.sha256)
    if known is None:
        known = _create(user, photo, media_id=media_id, usage=usage, claim=claim)
    if target is not None:
        attach(user, target, [known.pk])
        known.refresh_from_db()
    return known


def _workable(user: User | None, case: Case | str) -> Case:
    """An open case of this node that the person may work on."""
    key = {"pk": case.pk} if isinstance(case, Case) else {"case_no": case}
    rows = Case.objects.all() if user is None else Case.objects.workable_by(user)
    found: Case | None = rows.filter(**key).order_by().first()
    if found is None:
        raise NotThere(_("没有这个案件。"))
    if found.is_replica or not found.is_open:
        raise Refused(_("案件 %s 已结束或由其他节点办理，不再接收照片。") % found.case_no, state=found.state)
    return found


def _known(user: User | None, media_id: uuid.UUID, sha256: str) -> CaseMedia | None:
    """The photo that was sent before under this name. Raises InvalidInput where it is another one."""
    found = CaseMedia.objects.filter(pk=media_id).first()
    if found is None:
        return None
    if found.sha256 != sha256 or found.uploaded_by_id != (user.pk if user else None):
        raise field_fault("media_id", "taken", _("附件标识已用于另一张照片；请为每张照片生成新的标识（UUID）。"))
    return found


def _create(user: User | None, photo: photos.Photo, *, media_id: uuid.UUID, usage: str, claim: Claim) -> CaseMedia:
    place = _place(claim, photo)
    if user is not None and _unheld(CaseMedia.objects.loose(user)).count() >= MOST_LOOSE:
        raise Refused(_("您有 %s 张照片还没有用于案件；请先提交案件，或等它们在 24 小时后自动清除。") % MOST_LOOSE)
    name = photos.keep(photo)
    at = timezone.now()
    row = CaseMedia(
        media_id=media_id,
        usage=usage,
        taken_at=claim.taken_at or photo.taken_at or at,
        geom=Point(*place, srid=CGCS2000) if place else None,
        sha256=photo.sha256,
        phash=photo.phash,
        device_id=claim.device_id,
        file=name,
        width=photo.width,
        height=photo.height,
        size=len(photo.content),
        uploaded_by=user,
        uploaded_at=at,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            audit.record(
                "media.add",
                kind="media",
                key=media_id,
                division_code=user.division_code if user else "",
                after={"usage": usage, "sha256": photo.sha256, "bytes": row.size},
            )
    except IntegrityError:  # the same photo came in at the same moment and is stored by now
        photos.drop(name)
        known = _known(user, media_id, photo.sha256)
        if known is None:
            raise
        return known
    except BaseException:
        photos.drop(name)
        raise
    return row


def _unheld(rows: CaseMediaQuerySet) -> CaseMediaQuerySet:
    """Those of loose photos that nothing keeps."""
    for keys in HELD:
        rows = rows.exclude(pk__in=keys())
    return rows


def _place(claim: Claim, photo: photos.Photo) -> tuple[float, float] | None:
    """Where it was taken, by the caller's claim or else the file's. Raises InvalidInput for no position."""
    if claim.longitude is None and claim.latitude is None:
        return None if photo.longitude is None or photo.latitude is None else (photo.longitude, photo.latitude)
    if claim.longitude is None or claim.latitude is None:
        raise field_fault("longitude", "required", _("经度和纬度要一起给出，或都不给。"))
    try:
        return convert(claim.longitude, claim.latitude, CoordinateSystem.CGCS2000)
    except CoordinateFault as fault:
        raise field_fault("longitude", fault.rule, str(fault)) from fault


def attach(
    user: User | None,
    case: Case,
    media_ids: Iterable[uuid.UUID | str],
    stage: str = "",
    *,
    usage: str = "",
    step_seq: int | None = None,
) -> list[CaseMedia]:
    """Tie photos that the person took in to a case; sets the distance to it in metres where a place is known.

    ``stage`` (CL_STAGE) and ``usage`` win over what was said when the photo came in; ``step_seq`` is the step they
    were given with. Photos that are this case's already stay as they are. Called inside a move's transaction.

    Raises InvalidInput (field ``media``) for photos that are not there, another person's or another case's; Refused
    where the case takes no more.
    """
    wanted = _identifiers(media_ids)
    if not wanted:
        return []
    with transaction.atomic():
        rows = list(CaseMedia.objects.select_for_update().filter(pk__in=wanted).order_by())
        mine = {row.pk for row in rows if _is_for(row, user, case)}
        if missing := [key for key in wanted if key not in mine]:
            told = _("没有照片 %s，或它不是您上传的，或已用于别的案件；请重新上传。") % missing[0]
            raise field_fault("media", "unknown", told)
        loose = [row for row in rows if row.case_id is None]
        check_room(case, loose)
        for row in loose:
            _tie(row, case, stage=stage, usage=usage, step_seq=step_seq)
        if loose:
            audit.record(
                "media.attach",
                kind="case",
                key=case.case_no,
                division_code=case.division_code,
                after={"media": [str(row.pk) for row in loose], "stage": loose[0].stage},
            )
    return sorted(rows, key=lambda row: wanted.index(row.pk))


def _identifiers(media_ids: Iterable[uuid.UUID | str]) -> list[uuid.UUID]:
    try:
        return list(dict.fromkeys(key if isinstance(key, uuid.UUID) else uuid.UUID(str(key)) for key in media_ids))
    except ValueError as fault:
        raise field_fault("media", "invalid", _("附件标识应为 UUID。")) from fault


def _is_for(row: CaseMedia, user: User | None, case: Case) -> bool:
    if row.case_id is not None:
        return bool(row.case_id == case.pk)
    return bool(row.uploaded_by_id == (user.pk if user else None))


def check_room(case: Case, more: Sequence[CaseMedia]) -> None:
    """Raise Refused where a case would have too many photos or bytes."""
    if not more:
        return
    kept = CaseMedia.objects.filter(case=case)
    if kept.count() + len(more) > MOST_OF_CASE:
        raise Refused(_("一个案件最多 %s 张照片；请只提交最能说明问题的。") % MOST_OF_CASE)
    total = (kept.aggregate(total=Sum("size"))["total"] or 0) + sum(row.size for row in more)
    if total > MOST_BYTES_OF_CASE:
        raise Refused(_("一个案件的照片合计最多 50 MB；请只提交最能说明问题的。"))


def _tie(row: CaseMedia, case: Case, *, stage: str, usage: str, step_seq: int | None) -> None:
    row.case = case
    row.usage = usage or row.usage
    row.stage = stage or STAGES.get(row.usage, "")
    row.step_seq = step_seq
    if row.geom is not None:
        away = metres_between((row.geom.x, row.geom.y), (case.geom.x, case.geom.y))
        row.distance_m = Decimal(str(round(away, 1)))
    row.save(update_fields=["case", "usage", "stage", "step_seq", "distance_m"])


def drop_loose(at: datetime | None = None) -> int:
    """Remove photos that have waited for a case too long, then files that no photo has. Returns how many photos."""
    before = (at or timezone.now()) - LOOSE_FOR
    with transaction.atomic():
        rows = CaseMedia.objects.select_for_update(skip_locked=True).filter(case__isnull=True, uploaded_at__lt=before)
        gone = dict(_unheld(rows).values_list("pk", "file"))
        CaseMedia.objects.filter(pk__in=gone).delete()
        if gone:
            audit.record("media.clear", kind="media", after={"photos": len(gone)})
    for name in gone.values():
        photos.drop(name)
    _drop_strays(before)
    return len(gone)


def _drop_strays(before: datetime) -> None:
    """Files that a broken request or a removed case left: old, and of no photo."""
    folder = photos.media_folder()
    for path in folder.glob("*/*/*.part"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before.timestamp():
                path.unlink()
    for shelf in folder.glob("*"):
        old: set[str] = set()
        for path in shelf.glob("*/*.jpg"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before.timestamp():
                    old.add(path.relative_to(folder).as_posix().removesuffix("-s.jpg").removesuffix(".jpg") + ".jpg")
        for name in old - set(CaseMedia.objects.filter(file__in=old).values_list("file", flat=True)):
            photos.drop(name)
