"""Take the queue of a phone in: every action once, in its order, each with an answer that stays the same.

An action waited on a phone, perhaps for hours, and perhaps was sent before with the answer lost on the way. So it
comes with an id of its own; its answer is stored in the transaction of what it did. What is only passing (a photo that
has not arrived, a server in trouble) is not stored: the phone sends again.
"""

import logging
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.gis.geos import Point
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.errors import CityOpsError, NotAllowed, NotThere, field_fault
from cityops.foundation.locks import hold
from cityops.regions.models import CGCS2000
from grid.field.models import FieldAction
from grid.field.rules.envelopes import KINDS, REPORTS, SELF_HANDLE, Since, moved_on
from grid.field.services import explaining
from grid.field.services.reading import Envelope, read_report
from grid.models import Case, CaseMedia, CaseTask
from grid.rules.distance import metres_between
from grid.rules.transitions import MOVES, Action
from grid.services import media
from grid.services.cases import act, register
from grid.services.door import enter

PERMISSION = "field.use_phone"
AGAIN = "again"
SERVER_TROUBLE = 500
TOO_MANY = 429
log = logging.getLogger(__name__)


class ComeAgain(CityOpsError):
    """Nothing was decided; the phone sends the action again."""

    code = "again"
    status = 503


@dataclass(frozen=True)
class Answer:
    """What the phone is told of one action."""

    action_id: uuid.UUID
    outcome: str
    """An outcome of ``FieldAction``, or ``again``: nothing was decided, send it again."""
    reason: str = ""
    code: str = ""
    case_no: str = ""
    row: FieldAction | None = None
    missing: tuple[uuid.UUID, ...] = ()
    """Photos that are not here and must be sent first."""


@dataclass(frozen=True)
class Done:
    """The case that an action made or moved, and its step."""

    case: Case
    step_seq: int


def take_all(user: User, envelopes: Iterable[Envelope]) -> list[Answer]:
    """Take actions in the order given, each in a transaction of its own.

    After one that must come again, those about the same case wait too: their order is kept. What nobody foresaw is
    logged and asks the phone to come again, so that one action does not hold up the others.
    """
    answers, waiting = [], set()
    for envelope in envelopes:
        if envelope.case_no and envelope.case_no in waiting:
            answers.append(Answer(envelope.action_id, AGAIN, _("等待同一案件的上一项操作先送达。"), "order"))
            continue
        answer = _answered(user, envelope)
        if answer.outcome == AGAIN and envelope.case_no:
            waiting.add(envelope.case_no)
        answers.append(answer)
    return answers


def _answered(user: User, envelope: Envelope) -> Answer:
    try:
        row = take(user, envelope)
    except ComeAgain as later:
        missing = tuple(later.facts.get("missing", ()))
        return Answer(envelope.action_id, AGAIN, later.detail, str(later.facts.get("why", "again")), missing=missing)
    except CityOpsError as refusal:  # of the envelope itself: nothing is stored
        return Answer(envelope.action_id, FieldAction.Outcome.REFUSED, refusal.detail, refusal.code)
    except Exception:
        log.exception("field action %s of user %s", envelope.action_id, user.pk)
        return Answer(envelope.action_id, AGAIN, _("服务器没有办成,稍后自动再发。"), "error")
    return Answer(row.action_id, row.outcome, row.reason, row.code, row.case_no, row)


def take(user: User, envelope: Envelope) -> FieldAction:
    """Take one action; sent again under its id it is the stored one, whatever became of the case since.

    The step is dated by the server; what the phone claims (time, place) is kept on the action. A refusal by the rules
    of the loop is an answer too, and stored, with what the case is now. Raises NotAllowed without ``field.use_phone``,
    InvalidInput for a kind that is none or an id that was used for something else, ComeAgain where photos are missing
    or the server is in trouble.
    """
    if not user.has_perm(PERMISSION):
        raise NotAllowed(_("您没有现场作业的权限。"))
    if envelope.kind not in KINDS:
        raise field_fault("kind", "code", _("手机上没有这种操作;可用:%s。") % "、".join(KINDS))
    with transaction.atomic():
        hold(f"field:{user.pk}")  # two sendings of one person keep their order, and nothing is done twice
        known = FieldAction.objects.of(user).filter(action_id=envelope.action_id).first()
        if known is not None:
            return _same(known, envelope)
        _photos_are_here(envelope)
        try:
            with transaction.atomic():
                done = _do(user, envelope)
        except CityOpsError as refusal:
            if refusal.status >= SERVER_TROUBLE or refusal.status == TOO_MANY:
                raise ComeAgain(refusal.detail) from refusal
            return _refuse(user, envelope, refusal)
        return _keep(user, envelope, outcome=FieldAction.Outcome.DONE, case=done.case, step_seq=done.step_seq)


def _same(known: FieldAction, envelope: Envelope) -> FieldAction:
    """The stored action. Raises InvalidInput where its id now comes with something else."""
    if known.payload and known.payload != envelope.payload:
        raise field_fault("action_id", "taken", _("这个操作标识已用于另一项操作;请为每项操作生成新的标识(UUID)。"))
    return known


def _photos_are_here(envelope: Envelope) -> None:
    here = set(CaseMedia.objects.filter(pk__in=envelope.media).values_list("pk", flat=True))
    if missing := tuple(one for one in envelope.media if one not in here):
        raise ComeAgain(_("有 %s 张照片还没有送达,先传照片再传操作。") % len(missing), why="media", missing=missing)


def _do(user: User, envelope: Envelope) -> Done:
    """Do what the envelope says. Raises what the loop refuses."""
    if envelope.kind in REPORTS:
        return _report(user, envelope)
    _still_fits(user, envelope)
    case = act(user, envelope.case_no, envelope.kind, media=envelope.media, **_inputs_of(envelope))
    return Done(case, _last_step(case))


def _inputs_of(envelope: Envelope) -> dict[str, Any]:
    """The inputs of a move; nothing else gets through, above all no time. Raises InvalidInput."""
    move = MOVES[Action(envelope.kind)]
    known = {*move.inputs, *move.optional, "opinion"}
    if unknown := sorted(set(envelope.inputs) - known):
        raise field_fault(unknown[0], "unknown", _("没有这一项:%s。") % unknown[0])
    return dict(envelope.inputs)


def _report(user: User, envelope: Envelope) -> Done:
    """Make the case under the action's id; small matters that were settled on the spot are closed at once."""
    report = read_report(user, envelope)
    if Case.objects.filter(pk=report.rid).exists():  # not by this action, which would be stored
        raise field_fault("action_id", "taken", _("这个操作标识已用于另一项操作;请为每项操作生成新的标识(UUID)。"))
    if envelope.kind == SELF_HANDLE:
        register(user, report)
        case = act(user, report.rid, Action.SELF_HANDLE, media=envelope.media)
    else:
        enter(user, report)
        case = Case.objects.get(pk=report.rid)
    return Done(case, _last_step(case) if envelope.kind == SELF_HANDLE else 1)


def _last_step(case: Case) -> int:
    return int(case.steps.aggregate(last=Max("seq"))["last"] or 0)


def _still_fits(user: User, envelope: Envelope) -> None:
    """Raise Refused where the case moved on without the person, or the task is now somebody else's."""
    case = Case.objects.workable_by(user).select_for_update().filter(case_no=envelope.case_no).order_by().first()
    if case is None:
        raise NotThere(_("没有案件 %s,或它已不归您办理。") % envelope.case_no)
    if envelope.seen_step is not None and moved_on(_since(case, envelope.seen_step), by=user.pk):
        raise explaining.Overtaken(_("您离线期间,案件 %s 已由他人办理到别的环节。") % case.case_no)
    given = CaseTask.objects.open().filter(case=case).exclude(assignee=None).exclude(assignee=user).exists()
    if given and envelope.kind in explaining.ANSWERS_OF_TASKS:
        raise explaining.Overtaken(_("案件 %s 的任务已改派给他人。") % case.case_no)


def _since(case: Case, seen: int) -> list[Since]:
    steps = case.steps.filter(seq__gt=seen).order_by("seq")
    return [Since(*row) for row in steps.values_list("operator_id", "from_state", "to_state")]


def _refuse(user: User, envelope: Envelope, refusal: CityOpsError) -> FieldAction:
    """Store a refusal with what the case is now, and keep the photos: with the case where it takes them, else here."""
    case = None if envelope.kind in REPORTS else Case.objects.filter(case_no=envelope.case_no).first()
    seen = None if case is None else Case.objects.visible_to(user).filter(pk=case.pk).first()
    is_conflict = explaining.is_conflict(envelope, refusal, seen)
    kept = _with_the_case(user, seen, envelope) if is_conflict else False
    return _keep(
        user,
        envelope,
        outcome=FieldAction.Outcome.CONFLICT if is_conflict else FieldAction.Outcome.REFUSED,
        case=seen,
        code=_rule_of(refusal),
        reason=explaining.words(envelope, refusal, seen, with_the_case=kept),
    )


def _rule_of(refusal: CityOpsError) -> str:
    entries = refusal.facts.get("errors") or [{}]
    return str(entries[0].get("code") or refusal.code)[:40]


def _with_the_case(user: User, case: Case | None, envelope: Envelope) -> bool:
    """Tie the photos of an overtaken action to its case, as others; whether it took them."""
    if case is None or not envelope.media or not case.is_open:
        return False
    if not Case.objects.workable_by(user).filter(pk=case.pk).exists():
        return False
    try:
        with transaction.atomic():
            media.attach(user, case, envelope.media, usage=CaseMedia.Usage.OTHER)
    except CityOpsError:  # it takes no more: they stay with the action
        return False
    return True


def _keep(
    user: User,
    envelope: Envelope,
    *,
    outcome: str,
    case: Case | None,
    step_seq: int | None = None,
    code: str = "",
    reason: str = "",
) -> FieldAction:
    spot = envelope.spot
    away = None if spot is None or case is None else metres_between(
        (spot.longitude, spot.latitude), (case.geom.x, case.geom.y)
    )  # fmt: skip
    row = FieldAction.objects.create(
        user=user,
        action_id=envelope.action_id,
        kind=envelope.kind,
        payload=envelope.payload,
        seen_step=envelope.seen_step,
        claimed_at=envelope.claimed_at,
        received_at=timezone.now(),
        clock_ahead_seconds=envelope.clock_ahead_seconds,
        geom=None if spot is None else Point(spot.longitude, spot.latitude, srid=CGCS2000),
        accuracy_m=None if spot is None else spot.accuracy_m,
        distance_m=None if away is None else round(away, 1),
        outcome=outcome,
        code=code,
        reason=reason,
        case=case,
        case_no=case.case_no if case else envelope.case_no,
        step_seq=step_seq,
    )
    row.photos.set(CaseMedia.objects.filter(pk__in=envelope.media, uploaded_by=user))
    audit.record(
        "field.take",
        kind="field_action",
        key=envelope.action_id,
        division_code=case.division_code if case else user.division_code,
        after={"kind": envelope.kind, "case_no": row.case_no, "outcome": outcome, "photos": len(envelope.media)},
        reason=reason,
        succeeded=outcome == FieldAction.Outcome.DONE,
    )
    return row
