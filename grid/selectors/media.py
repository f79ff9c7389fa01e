"""Photos of a case, in the order and with the cautions that its page shows."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from cityops.accounts.models import User
from cityops.foundation.errors import NotThere
from grid.models import Case, CaseMedia
from grid.selectors.cases import get_case

FAR_METRES = 200
"""Beyond this a photo was hardly taken at the case (device fix about 10 m, large sites; a local decision)."""
LATE = timedelta(hours=24)
"""A photo that came in later than this after its claimed time was hardly taken for the occasion."""
AHEAD = timedelta(minutes=10)
"""How far a device's clock may go ahead."""
BEFORE = (CaseMedia.Usage.REPORT, CaseMedia.Usage.VERIFY, CaseMedia.Usage.SELF_BEFORE)
AFTER = (CaseMedia.Usage.HANDLE, CaseMedia.Usage.CHECK, CaseMedia.Usage.SELF_AFTER)


@dataclass(frozen=True)
class Evidence:
    """A photo with what should make its reader careful."""

    media: CaseMedia
    is_far: bool
    is_late: bool
    is_ahead: bool


@dataclass(frozen=True)
class Album:
    """The photos of a case: what it was, what became of it, and the rest; each oldest first."""

    before: list[Evidence]
    after: list[Evidence]
    other: list[Evidence]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.before) + len(self.after) + len(self.other)


def evidence_of(media: CaseMedia) -> Evidence:
    """A photo with its cautions; the claimed time is held against that of arrival, the place against the case's."""
    waited = media.uploaded_at - media.taken_at
    return Evidence(
        media=media,
        is_far=media.distance_m is not None and media.distance_m > FAR_METRES,
        is_late=waited > LATE,
        is_ahead=-waited > AHEAD,
    )


def album_of(case: Case) -> Album:
    """All photos of a case that the caller has looked up for its reader; one query."""
    rows = [evidence_of(media) for media in media_of(case)]

    def of(usages: Iterable[str]) -> list[Evidence]:
        return [row for row in rows if row.media.usage in usages]

    rest = [row for row in rows if row.media.usage not in (*BEFORE, *AFTER)]
    return Album(of(BEFORE), of(AFTER), rest)


def media_of(case: Case) -> list[CaseMedia]:
    """The photos of a case, oldest first."""
    return list(CaseMedia.objects.filter(case=case).select_related("case").order_by("taken_at", "media_id"))


def case_media(user: User, case_no: str, media_id: uuid.UUID) -> CaseMedia:
    """One photo of a case. Raises NotThere where the person may not see the case, or it is not its photo."""
    return photo_of(get_case(user, case_no), media_id)


def photo_of(case: Case, media_id: uuid.UUID) -> CaseMedia:
    """One photo of a case that the caller has looked up for its reader. Raises NotThere where it is not its photo."""
    found = CaseMedia.objects.filter(case=case, pk=media_id).first()
    if found is None:
        raise NotThere
    return found


def loose_media(user: User, media_id: uuid.UUID) -> CaseMedia:
    """A photo that waits for its case, for who took it in. Raises NotThere for everybody else."""
    found = CaseMedia.objects.loose(user).filter(pk=media_id).first()
    if found is None:
        raise NotThere
    return found
