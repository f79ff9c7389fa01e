"""Bulk acts 批量办理: one move with several cases, each by the rules of the loop and in its own transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation.errors import CityOpsError, NotThere, field_fault
from grid.desks.rules.desks import DESKS
from grid.models import Case
from grid.rules.transitions import Action
from grid.selectors.advice import advised_departments
from grid.selectors.moves import label_of
from grid.services.cases import act

MOST = 50
"""Cases of one bulk act: each is a transaction of its own, and a person reads the result."""
BULK = frozenset(action for desk in DESKS.values() for action in desk.bulk)


@dataclass(frozen=True)
class Wish:
    """A case in a bulk act: its number, the version that was seen, and what is given with it alone."""

    case_no: str
    version: int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What came, or would come, of one case."""

    case_no: str
    case: Case | None
    is_done: bool
    why: str = ""
    """Why not."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    advice: str = ""
    """Why this department is suggested."""
    state: str = ""
    """Where the case stands afterwards."""
    due: datetime | None = None
    """When the limit that runs afterwards is used up."""


def check_wishes(action: str, wishes: Iterable[Wish]) -> tuple[Action, list[Wish]]:
    """The action and the wishes, each case once. Raises InvalidInput for another action, for none or too many."""
    if action not in BULK:
        known = _("、").join(label_of(one) for one in Action if one in BULK)
        text = _("“%(action)s”不能批量办理；可批量的有：%(known)s。") % {"action": action, "known": known}
        raise field_fault("action", "code", text)
    once = list({wish.case_no: wish for wish in wishes}.values())
    if not once or len(once) > MOST:
        text = _("请选择 1 到 %s 件案件。") % MOST
        raise field_fault("cases", "count", text)
    return Action(action), once


def preview(user: User, action: str, wishes: Iterable[Wish], common: Mapping[str, Any]) -> list[Outcome]:
    """What a bulk act would do with each case: tried by the same service and taken back, not guessed."""
    move, once = check_wishes(action, wishes)
    return [_tried(user, move, _advised(user, move, wish), common) for wish in once]


def carry_out(user: User, action: str, wishes: Iterable[Wish], common: Mapping[str, Any]) -> list[Outcome]:
    """Make the move with each case; what is refused with one does not hold up the others."""
    move, once = check_wishes(action, wishes)
    return [_made(user, move, wish, common) for wish in once]


def _advised(user: User, move: Action, wish: Wish) -> tuple[Wish, str]:
    """A dispatch without a department gets the one that is suggested, with the reason."""
    if move is not Action.DISPATCH or wish.fields.get("duty_org"):
        return wish, ""
    case = Case.objects.visible_to(user).filter(case_no=wish.case_no).first()
    advised = advised_departments(case) if case else []
    if not advised:
        return wish, ""
    return Wish(wish.case_no, wish.version, {**wish.fields, "duty_org": advised[0].org_code}), advised[0].reason


def _tried(user: User, move: Action, wish_and_advice: tuple[Wish, str], common: Mapping[str, Any]) -> Outcome:
    wish, advice = wish_and_advice
    with transaction.atomic():
        outcome = _made(user, move, wish, common, advice)
        transaction.set_rollback(True)
    return outcome


def _made(user: User, move: Action, wish: Wish, common: Mapping[str, Any], advice: str = "") -> Outcome:
    before = Case.objects.visible_to(user).filter(case_no=wish.case_no).first()
    given = {name: value for name, value in {**common, **wish.fields}.items() if value not in ("", None)}
    try:
        with transaction.atomic():
            moved = act(user, wish.case_no, move, version=wish.version, **given)
    except NotThere:
        return Outcome(wish.case_no, None, is_done=False, why=_("没有这个案件。"), fields=wish.fields)
    except CityOpsError as refusal:
        return Outcome(wish.case_no, before, is_done=False, why=refusal.detail, fields=wish.fields, advice=advice)
    return Outcome(
        wish.case_no,
        moved,
        is_done=True,
        fields=wish.fields,
        advice=advice,
        state=str(moved.get_state_display()),
        due=moved.due_at if moved.is_open else None,
    )
