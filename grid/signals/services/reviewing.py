"""Answer a signal, review it, set the terms of a kind."""

from collections.abc import Mapping

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere, Refused, field_fault
from grid.signals.models import KIND_NAMES, Signal, SignalAnswer, SignalSetting
from grid.signals.rules.kinds import Kind, faults_of
from grid.signals.selectors.signals import get_signal
from grid.signals.selectors.terms import terms_of
from grid.signals.selectors.words import PARAMETER_NAMES

REVIEW, ANSWER, SET = "signals.review_signal", "signals.answer_signal", "signals.change_setting"
MOST_ANSWERS = 20
LONGEST = 2000


def _text(name: str, value: str) -> str:
    text = value.strip()
    if not text:
        raise field_fault(name, "required", _("请写明内容。"))
    if len(text) > LONGEST:
        raise field_fault(name, "too_long", _("最多 %s 字。") % LONGEST)
    return text


def _locked(actor: User, pk: int) -> Signal:
    get_signal(actor, pk)
    found = Signal.objects.select_for_update(of=("self",)).filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


@transaction.atomic
def answer(actor: User, pk: int, text: str) -> SignalAnswer:
    """Say something about a signal that names oneself or the own department, or that one reviews.

    Raises NotThere, NotAllowed without the permission, InvalidInput without a text, Refused after its review.
    """
    if not (actor.has_perm(ANSWER) or actor.has_perm(REVIEW)):
        raise NotAllowed(_("您没有说明疑点的权限。"))
    signal = _locked(actor, pk)
    if not signal.is_open:
        raise Refused(_("这条疑点已经复核，不再接收说明；如有异议，请向复核人提出重新复核。"))
    if signal.answers.count() >= MOST_ANSWERS:
        raise Refused(_("一条疑点最多 %s 条说明。") % MOST_ANSWERS)
    made = SignalAnswer.objects.create(
        signal=signal, answered_by=actor, answered_at=timezone.now(), text=_text("text", text)
    )
    audit.record("signal.answer", kind="signal", key=signal.pk, division_code=signal.division_code)
    return made


def is_about(actor: User, signal: Signal) -> bool:
    """Whether a signal names the person."""
    return signal.person_id == actor.pk


@transaction.atomic
def review(actor: User, pk: int, *, state: str, note: str) -> Signal:
    """Close a signal as explained, dismissed or confirmed, or open it again.

    Raises NotAllowed without the permission and for who is named by it; NotThere outside the own division;
    InvalidInput for an unknown state and without a note; Refused where it stands so already.
    """
    if not actor.has_perm(REVIEW):
        raise NotAllowed(_("您没有复核疑点的权限。"))
    signal = _locked(actor, pk)
    if is_about(actor, signal):
        raise NotAllowed(_("这条疑点涉及您本人，请由其他人复核。"))
    if state not in Signal.State.values:
        raise field_fault("state", "code", _("结果只有：%s。") % "、".join(Signal.State.values))
    note = _text("note", note)
    before = signal.state
    if state == before:
        raise Refused(_("这条疑点已经是“%s”。") % signal.get_state_display())
    signal.state, signal.review_note = state, note
    signal.reviewed_by, signal.reviewed_at = (None, None) if state == Signal.State.OPEN else (actor, timezone.now())
    signal.save(update_fields=["state", "review_note", "reviewed_by", "reviewed_at"])
    audit.record(
        "signal.review",
        kind="signal",
        key=signal.pk,
        division_code=signal.division_code,
        before={"state": before},
        after={"state": state},
        reason=note,
    )
    return signal


@transaction.atomic
def change_terms(
    actor: User, kind: str, *, is_on: bool, window_days: int, values: Mapping[str, int], note: str
) -> SignalSetting:
    """Write a new version of the terms of a kind, for the whole city; the former ones are kept.

    Raises NotAllowed; NotThere for an unknown kind; InvalidInput for numbers outside their bounds or without a reason;
    Refused where nothing would change.
    """
    if not actor.has_perm(SET):
        raise NotAllowed(_("您没有维护疑点参数的权限。"))
    limits.whole_instance(actor)
    if kind not in set(Kind):
        raise NotThere(_("没有疑点类别 %s。") % kind)
    now = terms_of(Kind(kind))
    wanted = {**now.values, **{name: value for name, value in values.items() if name in now.values}}
    _check(Kind(kind), window_days, wanted)
    if (is_on, window_days, wanted) == (now.is_on, now.window_days, dict(now.values)):
        raise Refused(_("“%s”的参数没有变化。") % KIND_NAMES[Kind(kind)])
    row = SignalSetting.objects.create(
        kind=kind, version=now.version + 1, is_on=is_on, window_days=window_days, values=wanted,
        note=_text("note", note)[:200], changed_by=actor.username,
    )  # fmt: skip
    audit.record(
        "signal_setting.change",
        kind="signal_setting",
        key=kind,
        division_code=settings.CITYOPS_REGION,
        before={"is_on": now.is_on, "window_days": now.window_days, **now.values},
        after={"is_on": is_on, "window_days": window_days, **wanted},
        reason=row.note,
    )
    return row


def _check(kind: Kind, window_days: int, values: Mapping[str, int]) -> None:
    errors = []
    for name, (least, most) in faults_of(kind, window_days, values).items():
        text = _("%(name)s应在 %(least)s 到 %(most)s 之间。") % {
            "name": PARAMETER_NAMES.get(name, _("回看天数")), "least": least, "most": most,
        }  # fmt: skip
        errors.append({"field": name, "code": "range", "detail": text})
    if errors:
        raise InvalidInput(" ".join(one["detail"] for one in errors), errors=errors)
