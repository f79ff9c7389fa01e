"""Prepare the answers to reporters when a matter ends, and write down that they were told, and how they liked it."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.errors import NotAllowed, NotThere, Refused, field_fault
from grid.intake.models import Answer
from grid.intake.rules.answers import CHANNEL_OF, OUTCOME_OF, Outcome, answer_text
from grid.models import Case
from grid.rules.transitions import MOVES, Action
from grid.services.cases import act

PERMISSION = "intake.tell_answer"
NOTE_LENGTH, VISIT_LENGTH, TEXT_LENGTH = 200, 500, 1000


@transaction.atomic
def prepare_answers(case_pk: uuid.UUID) -> list[Answer]:
    """Make the answers of a case that has ended: to its own reporter, and to those of all reports joined to it.

    Called again it makes none twice. Cases of another node, cases that go on, and sources that wait for no answer
    get none.
    """
    main = Case.objects.select_for_update().filter(pk=case_pk).order_by().first()
    if main is None or main.is_replica or main.state not in OUTCOME_OF:
        return []
    outcome = OUTCOME_OF[main.state]
    rows = [_answer(case, main, outcome) for case in [main, *_joined(main)] if case.source in CHANNEL_OF]
    known = set(Answer.objects.filter(main=main, case__in=[row.case for row in rows]).values_list("case", flat=True))
    fresh = [row for row in rows if row.case_id not in known]
    made = Answer.objects.bulk_create(fresh)
    if made:
        audit.record(
            "answer.prepare",
            kind="case",
            key=main.case_no,
            division_code=main.division_code,
            after={"outcome": outcome.value, "cases": [row.case.case_no for row in made]},
        )
    return made


CAUGHT_UP = timedelta(days=2)


def catch_up(*, at: datetime | None = None) -> int:
    """Make the answers that were missed because a process ended between a move and its event; returns how many."""
    since = (at or timezone.now()) - CAUGHT_UP
    rows = Case.objects.filter(
        Q(closed_at__gte=since) | Q(rejected_at__gte=since),
        updated_at__gte=since,
        state__in=list(OUTCOME_OF),
        is_simulated=False,
    )
    missing = rows.exclude(Exists(Answer.objects.filter(main=OuterRef("pk")))).values_list("pk", flat=True)
    return sum(len(prepare_answers(pk)) for pk in missing)


def _joined(main: Case) -> list[Case]:
    """Every report that was joined to a case, also by way of another one."""
    found: dict[Any, Case] = {}
    frontier = [main.pk]
    while frontier:
        rows = Case.objects.filter(merged_into__in=frontier).exclude(pk__in=[main.pk, *found])
        fresh = {row.pk: row for row in rows}
        found |= fresh
        frontier = list(fresh)
    return list(found.values())


def _answer(case: Case, main: Case, outcome: Outcome) -> Answer:
    day = timezone.localtime(case.reported_at)
    return Answer(
        case=case,
        main=main,
        outcome=outcome.value,
        channel=CHANNEL_OF[case.source].value,
        text=answer_text(
            outcome,
            day=f"{day.year}年{day.month}月{day.day}日",
            matter=case.matter_name,
            place=case.address,
            close_type=main.close_type,
            reason=main.reject_reason,
        ),
    )


def tell_answer(actor: User, pk: int, *, reached: bool, note: str = "", text: str = "") -> Answer:
    """Write down that a reporter was told, or could not be reached; ``text`` is what was said where it differs.

    Raises NotAllowed; NotThere; Refused where it had been told before; InvalidInput for a text that is too long.
    """
    note, text = _short("note", note, NOTE_LENGTH), _short("text", text, TEXT_LENGTH)
    with transaction.atomic():
        answer = _locked(actor, pk)
        if answer.state == Answer.State.SENT:
            if reached:
                return answer
            raise Refused(_("已经答复过，不能改为未能送达。"), state=answer.state)
        before = answer.state
        answer.state = Answer.State.SENT if reached else Answer.State.FAILED
        answer.attempts += 1
        answer.note, answer.text = note, text or answer.text
        answer.told_by = actor.pk
        answer.told_at = timezone.now() if reached else None
        answer.save()
        _record(answer, "answer.tell", before={"state": before}, after={"state": answer.state, "note": note})
    return answer


def record_visit(actor: User, pk: int, *, satisfaction: str, note: str = "") -> Answer:
    """Write down a return visit 回访: how content the reporter is (5 to 1), and what was said.

    Raises NotAllowed; NotThere; Refused before the answer was told; InvalidInput for another value.
    """
    if satisfaction not in Answer.Satisfaction.values:
        told = _("满意度只能是 1 到 5。")
        raise field_fault("satisfaction", "code", told)
    note = _short("note", note, VISIT_LENGTH)
    with transaction.atomic():
        answer = _locked(actor, pk)
        if answer.state != Answer.State.SENT:
            raise Refused(_("先答复，再回访。"), state=answer.state)
        before = {"satisfaction": answer.satisfaction}
        answer.satisfaction, answer.visit_note, answer.visited_at = satisfaction, note, timezone.now()
        answer.save()
        _tell_the_case(actor, answer)
        _record(answer, "answer.visit", before=before, after={"satisfaction": satisfaction})
    return answer


def _tell_the_case(actor: User, answer: Answer) -> None:
    """Let the case itself carry the satisfaction where it is the one that ended."""
    case = answer.case
    move = MOVES[Action.RETURN_VISIT]
    if answer.case_id == answer.main_id and case.state in move.from_stages and actor.has_perm(move.permission):
        act(actor, case, Action.RETURN_VISIT, satisfaction=answer.satisfaction, opinion=answer.visit_note)


def _short(name: str, text: str, length: int) -> str:
    text = text.strip()
    if len(text) > length:
        told = _("最多 %(length)s 个字,现有 %(now)s 个。") % {"length": length, "now": len(text)}
        raise field_fault(name, "too_long", told)
    return text


def _locked(actor: User, pk: int) -> Answer:
    if not actor.has_perm(PERMISSION):
        raise NotAllowed(_("您没有答复反映人的权限。"))
    found = Answer.objects.workable_by(actor).select_for_update(of=("self",)).filter(pk=pk).order_by().first()
    if found is None:
        raise NotThere(_("没有这条答复。"))
    answer: Answer = found
    return answer


def _record(answer: Answer, action: str, **told: Any) -> None:
    case = answer.case
    audit.record(action, kind="case", key=case.case_no, division_code=case.division_code, **told)
