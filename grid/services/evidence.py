"""Photos that come with a report or a move: whose they are, whether there are enough, and which case they belong to."""

import uuid
from collections.abc import Iterable, Sequence

from django.contrib.gis.db.models.functions import Distance
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cityops.accounts.models import User
from cityops.foundation.errors import InvalidInput, field_fault
from grid.models import Case, CaseMedia
from grid.rules.transitions import Action
from grid.rules.workflow import Workflow
from grid.services.media import check_room

STAGE_OF = {
    Action.REPORT: "01",
    Action.VERIFY_TRUE: "02",
    Action.VERIFY_FALSE: "02",
    Action.FEED_BACK: "07",
    Action.SELF_HANDLE: "06",
    Action.PASS_CHECK: "08",
    Action.FAIL_CHECK: "08",
}
"""Action → CL_STAGE of its photos; of other actions 06, disposal."""


def _fault(code: str, text: str) -> InvalidInput:
    return field_fault("media", code, text)


def taken(user: User | None, case: uuid.UUID, ids: Iterable[uuid.UUID | str]) -> list[CaseMedia]:
    """The photos with these ids, locked. Raises InvalidInput for one that is not the person's own and still loose.

    One that already belongs to ``case`` (its ``rid``) is accepted again: the same move sent twice.
    """
    wanted = [str(one) for one in ids]
    if not wanted:
        return []
    found = {str(row.pk): row for row in CaseMedia.objects.select_for_update().filter(pk__in=wanted)}
    for one in wanted:
        row = found.get(one)
        mine = row is not None and user is not None and row.uploaded_by_id == user.pk
        if not mine or (row is not None and row.case_id not in (None, case)):
            raise _fault("unknown", _("照片 %s 不存在、不是您上传的，或已用于其他案件；请重新上传。") % one)
    return [found[one] for one in dict.fromkeys(wanted)]


def require(workflow: Workflow, action: Action, photos: Sequence[CaseMedia]) -> None:
    """Raise InvalidInput where a move comes with fewer photos than the workflow asks for."""
    if action is Action.SELF_HANDLE:
        for usage, number in workflow.given["self_handle_photos"].items():
            have = sum(photo.usage == usage for photo in photos)
            if have < number:
                label = CaseMedia.Usage(usage).label
                raise _fault("required", _("自行处置须附“%(usage)s”照片。") % {"usage": label})
        return
    require_number(workflow.photos_with(action), photos)


def require_number(number: int, photos: Sequence[CaseMedia]) -> None:
    """Raise InvalidInput for fewer photos than ``number``."""
    if len(photos) < number:
        raise _fault(
            "required",
            ngettext("须附至少 %(number)s 张现场照片。", "须附至少 %(number)s 张现场照片。", number)
            % {"number": number},
        )


def attach(case: Case, photos: Sequence[CaseMedia], action: Action, seq: int) -> None:
    """Let photos belong to a case and to the step they came with; the distance is from where they were taken.

    Raises Refused where the case takes no more.
    """
    if not photos:
        return
    check_room(case, [photo for photo in photos if photo.case_id is None])
    rows = CaseMedia.objects.filter(pk__in=[photo.pk for photo in photos], case__isnull=True)
    rows.update(case=case, step_seq=seq, stage=STAGE_OF.get(action, "06"))
    placed = CaseMedia.objects.filter(pk__in=[photo.pk for photo in photos], geom__isnull=False)
    for pk, distance in placed.annotate(far=Distance("geom", case.geom)).values_list("pk", F("far")):
        CaseMedia.objects.filter(pk=pk).update(distance_m=round(distance.m, 1))
