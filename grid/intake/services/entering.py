"""Intake as the core's pages know it: the door of the register page, the advice of the dispatch form."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cityops.accounts.models import User
from grid.intake.rules.sources import NextStep
from grid.intake.selectors.departments import suggest_departments
from grid.intake.services.taking_in import TakenIn, take_in
from grid.models import Case
from grid.selectors.advice import Advice
from grid.services.cases import Report
from grid.services.door import Entered

DONE: Mapping[NextStep, str | Promise] = {
    NextStep.VERIFY: _("按来源规则，已发现场核实。"),
    NextStep.ACCEPT: _("按来源规则，已自动受理。"),
    NextStep.FILE: _("按来源规则，已受理并立案。"),
}


def in_words(taken: TakenIn) -> str:
    """What the rule of the source did, and how many cases look alike; "" where there is nothing to say."""
    if not taken.registered.is_new:
        return ""
    words = [str(DONE.get(taken.next_step, ""))]
    if taken.similar:
        words.append(str(_("附近有 %s 件相似案件，请核对是否重复。")) % len(taken.similar))
    return " ".join(word for word in words if word)


def through_the_door(user: User, report: Report, contact: dict[str, str]) -> Entered:
    """Take in a report of the register page."""
    taken = take_in(user, report, contact=contact)
    return Entered(taken.registered, in_words(taken))


def advise(case: Case) -> list[Advice]:
    """The suggested departments as the core's form shows them."""
    return [Advice(one.org_code, one.name, one.reason) for one in suggest_departments(case)]
