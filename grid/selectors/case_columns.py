"""The columns of an exported case list: first what the list shows, then what a case keeps."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cityops.accounts.models import Organisation
from cityops.foundation.exports import Column
from cityops.regions.models import Division
from cityops.regions.rules import Level, scope_prefix
from grid.models import Case
from grid.rules.clock import Light
from grid.selectors.clocks import left_now
from grid.selectors.lights import WORDS

FIELDS = (
    "class_code", "source", "description", "division_code", "grid_code", "accepted_at", "filed_at", "dispatched_at",
    "duty_org", "dispose_deadline", "disposed_at", "close_deadline", "closed_at", "rework_count", "is_simulated",
)  # fmt: skip
"""Fields of a case that stand behind what the list shows."""


def case_columns(user: Any, at: datetime) -> tuple[Column, ...]:
    """The columns, with the names of streets and departments read once, whatever the number of rows."""
    departments = {row.org_code: str(row) for row in Organisation.objects.exclude(org_code="")}
    streets = _streets(user.scope_prefix)
    return (
        Column(_("灯号"), _light_word),
        Column(_("剩余时间"), lambda case: left.words if (left := left_now(case, at)) else ""),
        Column(_("案件号"), "case_no"),
        Column(_("小类"), "matter_name"),
        Column(_("街道"), lambda case: streets.get(case.street_code, "")),
        Column(_("位置"), "address"),
        Column(_("环节"), lambda case: case.get_state_display()),
        Column(_("责任单位"), lambda case: departments.get(case.duty_org, "")),
        Column(_("上报"), "reported_at"),
        *(Column(_title(name), _reader(name)) for name in FIELDS),
    )


def _light_word(case: Any) -> str:
    light = Light(case.light_now)
    return str(WORDS[light][0]) if light in WORDS else ""


def _streets(prefix: str) -> dict[str, str]:
    inside = Division.objects.current().filter(level=Level.STREET.value, code__startswith=prefix)
    return {scope_prefix(code, Level.STREET): name for code, name in inside.values_list("code", "name")}


def _title(name: str) -> str | Promise:
    title: str | Promise = Case._meta.get_field(name).verbose_name  # type: ignore[union-attr]
    return title


def _reader(name: str) -> Callable[[Any], Any]:
    """A code as its word, other values as they are."""
    if getattr(Case._meta.get_field(name), "choices", None):
        return lambda case: getattr(case, f"get_{name}_display")()
    return lambda case: getattr(case, name)
