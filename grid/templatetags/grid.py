"""How things of the grid are written: stages of a case, grid codes, roles of a step."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cityops.foundation.words import HOURS_PER_DAY, span_words
from grid.models import AreaClass, Case
from grid.rules import Stage
from grid.rules.clock import HOURS_PER_WORK_DAY
from grid.selectors.classes import key_of
from sync.standard.models import ClassEntry, DisposalRule

register = template.Library()
ROLES: dict[str, str | Promise] = {
    "01": _("采集员"),
    "02": _("受理员"),
    "03": _("值班长"),
    "04": _("派遣员"),
    "05": _("专业部门"),
    "06": _("督查员"),
    "07": _("领导"),
    "08": _("公众"),
    "09": _("系统"),
}
"""CL_ROLE."""
PATH: tuple[tuple[str, str | Promise, tuple[Stage, ...]], ...] = (
    ("reported_at", _("上报"), (Stage.REPORTED, Stage.VERIFYING)),
    ("accepted_at", _("受理"), (Stage.ACCEPTED,)),
    ("filed_at", _("立案"), (Stage.FILED, Stage.RETURNED)),
    ("dispatched_at", _("派遣"), (Stage.DISPATCHED,)),
    ("disposed_at", _("处置"), (Stage.HANDLING, Stage.SUSPENDED)),
    ("checked_at", _("核查"), (Stage.FEEDBACK, Stage.CHECKING)),
    ("closed_at", _("结案"), (Stage.TO_CLOSE,)),
)
"""The seven stages 七阶段: the moment that ends each, and the states that stand in it or wait behind it."""


@dataclass(frozen=True)
class Mark:
    """One stage on the way of a case."""

    title: str | Promise
    at: datetime | None
    mark: str
    """``done``, ``now``, ``next`` or ``end`` (where a case ended early)."""


@register.filter
def stage_path(case: Case) -> list[Mark]:
    """The way of a case: what is done, where it stands, what comes."""
    marks = []
    reached = _reached(case)
    for place, (moment, title, _states) in enumerate(PATH):
        at = getattr(case, moment)
        if place < reached:
            mark = "done"
        elif place == reached:
            mark = "now" if case.is_open else "end"
        else:
            mark = "next"
        marks.append(Mark(title, at, mark))
    if case.state in {Stage.CLOSED, Stage.SELF_CLOSED}:
        return [Mark(mark.title, mark.at, "done") for mark in marks]
    return marks


def _reached(case: Case) -> int:
    """The place in PATH after the last stage that is done."""
    for place, (_moment, _title, states) in enumerate(PATH):
        if case.state in states:
            return place if place in (4, 5, 6) else place + 1
    done = [place for place, (moment, _title, _states) in enumerate(PATH) if getattr(case, moment)]
    return max(done, default=0)


@register.filter
def grid_digits(code: str) -> str:
    """A grid code in groups: county, street, community, grid."""
    return f"{code[:6]} {code[6:9]} {code[9:12]} {code[12:]}" if len(code) == 15 else code


@register.filter
def role_name(code: str) -> Any:
    """The role of a step by its code of CL_ROLE."""
    return ROLES.get(code, code)


@register.filter
def unit_name(code: str) -> Any:
    """The unit of a limit in words."""
    return dict(DisposalRule.Unit.choices).get(code, code)


@register.filter
def area_name(code: str) -> Any:
    """A class of area in words; a code that is none as it is."""
    return dict(AreaClass.choices).get(code, code)


@register.filter
def worked_span(length: timedelta, is_worked: bool) -> str:
    """A length of time in words: in working days of eight hours where it is working time."""
    return span_words(length.total_seconds(), hours_per_day=HOURS_PER_WORK_DAY if is_worked else HOURS_PER_DAY)


@register.filter
def class_key(entry: ClassEntry) -> str:
    """A class as the value of a form field."""
    return key_of(entry)


@register.filter
def as_list(thing: Any) -> list[Any]:
    """One thing as a list of it."""
    return [] if thing is None else [thing]
