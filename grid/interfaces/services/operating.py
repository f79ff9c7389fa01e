"""Carry out what a partner asks: each operation is a move of the core, made under the partner's account and rights."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, NotThere, Refused, field_fault
from grid.interfaces.models import Partner, PartnerCase, PartnerNotice
from grid.interfaces.rules.operations import FLAGS, OPERATIONS, Event, Operation, missing_moves
from grid.interfaces.selectors.partners import sides_of
from grid.interfaces.services.telling import locked, queue
from grid.models import Case, CaseMedia
from grid.rules.stages import Stage
from grid.rules.transitions import Action
from grid.services.acting import act, act_by_system
from grid.services.cases import Registered, Report, register
from grid.services.media import SentFile, store

NAMES = uuid.UUID("b0b3c3a2-6c4d-5e0e-9d59-2f4f0a2c7f11")
"""Space of the names of partners' reports: the same number of the same partner is the same report."""
MOST_LEVELS = 5


@dataclass(frozen=True)
class Reported:
    """A report that came in from a partner, and the case it is shared as."""

    registered: Registered
    share: PartnerCase


def report(partner: Partner, sent: Report, *, their_no: str = "", flags: Iterable[str] = (), turn: int = 0) -> Reported:
    """Register what a partner reports. With ``their_no`` the same number sent again is the same case; ``turn`` tells
    apart a case that is given over again after ours had ended.

    Raises what ``register`` raises, and InvalidInput for an unknown flag.
    """
    flags = sorted(set(flags))
    if unknown := [flag for flag in flags if flag not in FLAGS]:
        told = _("没有标志 %(flag)s;可用:%(known)s。") % {"flag": unknown[0], "known": "、".join(FLAGS)}
        raise field_fault("flags", "code", told)
    if their_no:
        sent = replace(sent, rid=uuid.uuid5(NAMES, f"{partner.code}:{their_no}:{turn}"), source_no=their_no)
    with transaction.atomic():
        done = register(partner.account, sent)
        share, is_new = PartnerCase.objects.get_or_create(
            partner=partner,
            case_id=done.rid,
            defaults={"their_no": their_no, "flags": flags, "reported_at": timezone.now()},
        )
        if not done.is_new and is_new:
            share.delete()
            raise NotThere(_("这个 rid 已用于别的来源;请为每次上报生成新的标识。"))
        _note_sync(share)
    share.partner = partner
    return Reported(done, share)


def perform(
    partner: Partner, share: PartnerCase, name: str, given: Mapping[str, Any], media: Iterable[uuid.UUID] = ()
) -> Case:
    """Carry out an operation with a shared case; returns the case as it now stands.

    Raises InvalidInput for an unknown operation or wrong fields, Refused where the case is not on the side of the
    partner that may do this or stands elsewhere, NotAllowed where the partner's account lacks the permission.
    """
    operation = OPERATIONS.get(name)
    if operation is None:
        told = _("没有操作 %(name)s;可用:%(known)s。") % {"name": name[:40], "known": "、".join(OPERATIONS)}
        raise field_fault("operation", "code", told)
    if not set(operation.sides) & set(sides_of(share)):
        raise Refused(_WHY_SIDE[operation.sides[0].value] % {"no": share.case.case_no})
    action, fields = _move_of(operation, given)
    with transaction.atomic():
        bring(partner, share, operation.brings_to)
        case = act(partner.account, share.case, action, media=media, **fields)
        if operation.applies and partner.is_direct(operation.applies):
            case = _grant(case, operation.applies)
        _note_sync(share)
    return case


_WHY_SIDE = {
    "assigned": gettext_lazy("案件 %(no)s 现在不由贵平台处置;只有交办给贵平台的案件才能这样办理。"),
    "reported": gettext_lazy("案件 %(no)s 不是贵平台上报的;只有上报方才能这样办理。"),
}


def _move_of(operation: Operation, given: Mapping[str, Any]) -> tuple[Action, dict[str, Any]]:
    """The move and its inputs. Raises InvalidInput for a field that is missing or not of the operation."""
    asked = {name: value for name, value in given.items() if value not in (None, "")}
    known = set(operation.fields) | ({"opinion"} if operation.opinion else set())
    if unknown := sorted(set(asked) - known):
        told = _("操作 %(name)s 没有这一项;可用:%(known)s。") % {
            "name": operation.name,
            "known": "、".join(sorted(known)),
        }
        raise field_fault(unknown[0], "unknown_field", told)
    switch = next((name for name in operation.fields if name in ("agreed", "passed")), None)
    if switch is None:
        return operation.action, asked
    if switch not in asked:
        told = _("请给出 %s:true 或 false。") % switch
        raise field_fault(switch, "required", told)
    is_yes = asked.pop(switch)
    return (operation.action if is_yes or operation.otherwise is None else operation.otherwise), asked


def bring(partner: Partner, share: PartnerCase, wanted: Stage | None) -> None:
    """Take an assigned case over as far as an operation needs: the city's dispatch to the partner, the signing."""
    if wanted is None or not share.is_assigned:
        return
    case = Case.objects.get(pk=share.case_id)
    for action in missing_moves(Stage(case.state), wanted):
        fields: dict[str, Any] = {"duty_org": partner.org_code} if action is Action.DISPATCH else {}
        act(partner.account, case, action, **fields)


def _grant(case: Case, kind: str) -> Case:
    """Let an application hold at once, level by level, as was agreed with the partner."""
    for _level in range(MOST_LEVELS):
        case.refresh_from_db()
        if case.pending != kind:
            break
        case = act_by_system(case, Action(f"approve_{kind}"), timezone.now(), _("按对接约定直接生效。"))
    return case


def _note_sync(share: PartnerCase) -> None:
    share.synced_at = timezone.now()
    share.save(update_fields=["synced_at"])


def take_media(
    partner: Partner, share: PartnerCase | None, file: SentFile, *, media_id: uuid.UUID, usage: str, **claim: Any
) -> CaseMedia:
    """Take a photo of a partner in, for its next operation or (with ``share``) for a case. Raises as ``store``."""
    case = share.case if share is not None else None
    return store(partner.account, file, media_id=media_id, usage=usage, case=case, **claim)


def issue_notice(actor: User, partner: Partner, title: str, text: str) -> PartnerNotice:
    """Write a notice to a partner; it is told of it. Raises InvalidInput for an empty one."""
    title, text = title.strip(), text.strip()
    if not title or not text or len(title) > 100 or len(text) > 4000:
        raise InvalidInput(_("请填写标题(100 字以内)和内容(4000 字以内)。"))
    with transaction.atomic():
        own = locked(partner.pk)
        notice = PartnerNotice.objects.create(
            partner=own, title=title, text=text, issued_by=actor, issued_at=timezone.now()
        )
        queue(own, Event.NOTICE, {"notice": notice_facts(notice)})
        _audit_notice(notice, "partner.notice")
    return notice


def notice_facts(notice: PartnerNotice) -> dict[str, Any]:
    """What a partner reads of a notice."""
    return {
        "id": notice.pk,
        "title": notice.title,
        "text": notice.text,
        "issued_at": timezone.localtime(notice.issued_at).isoformat(timespec="seconds"),
        "signed_at": timezone.localtime(notice.signed_at).isoformat(timespec="seconds") if notice.signed_at else None,
        "signed_by": notice.signed_by,
    }


def sign_notice(partner: Partner, pk: int, by: str = "") -> PartnerNotice:
    """Sign that a notice was read; signed twice, the first time counts. Raises NotThere."""
    with transaction.atomic():
        notice = PartnerNotice.objects.select_for_update().filter(partner=partner, pk=pk).first()
        if notice is None:
            raise NotThere(_("没有这条通知。"))
        if notice.signed_at is None:
            notice.signed_at, notice.signed_by = timezone.now(), by.strip()[:60]
            notice.save(update_fields=["signed_at", "signed_by"])
            _audit_notice(notice, "partner.notice_sign")
    return notice


def _audit_notice(notice: PartnerNotice, action: str) -> None:
    audit.record(
        action,
        kind="partner",
        key=notice.partner.code,
        division_code=notice.partner.division_code,
        after={"notice": notice.pk, "title": notice.title},
    )
