"""The inputs of a move, read and checked: each name has its reader, which says in words what is wrong."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from cityops.accounts.models import Organisation, User
from cityops.foundation.errors import field_fault
from grid.models import Case
from grid.rules.moving import DEFAULT_RULE, FilingRule
from grid.rules.transitions import SUSPENSION_REASONS, Move
from grid.selectors.moves import DISPOSAL_TYPES, REASONS, label_of, rules_of
from grid.selectors.places import city_prefix

OPINION_LENGTH = 2000
MOST_ASSISTS = 5
CORRECTIONS = ("class_code", "kind", "description", "address", "longitude", "latitude")
"""Inputs of a correction; read together by ``grid.services.correcting``."""


def _reason(case: Case, user: User, value: Any) -> str:
    if value not in REASONS:
        known = _("、").join(f"{code} {text}" for code, text in REASONS.items())
        raise field_fault("reason", "code", _("请选择不予立案原因:%s。") % known)
    return str(value)


def _rule(case: Case, user: User, value: Any) -> FilingRule:
    """The disposal rule that a case is filed under; without one given, the first of the class."""
    rules = rules_of(case)
    if value in (None, ""):
        chosen = rules[0] if rules else None
    else:
        chosen = next((rule for rule in rules if str(rule.pk) == str(getattr(value, "pk", value))), None)
        if chosen is None:
            raise field_fault("rule", "unknown", _("该立案条件不属于分类 %s;请从列表中选择。") % case.class_code)
    if chosen is None or chosen.limit_value is None:
        return replace(DEFAULT_RULE, deadline_class=case.deadline_class)
    value, unit = chosen.limit_for(case.deadline_class)
    return FilingRule(chosen.filing_condition, value or chosen.limit_value, unit, case.deadline_class)


def _known_departments(codes: Iterable[str]) -> set[str]:
    found = Organisation.objects.active().filter(
        org_code__in=list(codes), org_type__in=DISPOSAL_TYPES, division_code__startswith=city_prefix()
    )
    return set(found.values_list("org_code", flat=True))


def _duty_org(case: Case, user: User, value: Any) -> str:
    code = str(getattr(value, "org_code", value) or "")
    if not code or not _known_departments([code]):
        raise field_fault("duty_org", "unknown", _("没有可派遣的处置单位 %s;请从列表中选择。") % (code or "—"))
    return code


def _assist_orgs(case: Case, user: User, value: Any) -> tuple[str, ...]:
    """Assisting departments; the main one is not among them."""
    given = [value] if isinstance(value, str) else list(value or ())
    codes = tuple(dict.fromkeys(str(getattr(one, "org_code", one)) for one in given if one))
    if len(codes) > MOST_ASSISTS:
        raise field_fault("assist_orgs", "too_many", _("协办单位最多 %s 个。") % MOST_ASSISTS)
    if unknown := sorted(set(codes) - _known_departments(codes)):
        raise field_fault("assist_orgs", "unknown", _("没有可派遣的处置单位 %s;请从列表中选择。") % "、".join(unknown))
    return codes


def _opinion(case: Case, user: User, value: Any) -> str:
    text = str(value or "").strip()
    if not text:
        raise field_fault("opinion", "required", _("请填写意见。"))
    return text


def _person(name: str, value: Any, permission: str) -> int | None:
    """The pk of an active person with a permission, by name or pk; None for nobody given."""
    if value in (None, ""):
        return None
    text = str(getattr(value, "username", value))
    found = User.objects.filter(username=text, is_active=True).first()
    if found is None or not found.has_perm(permission):
        raise field_fault(name, "unknown", _("没有可承担此任务的人员 %s。") % text)
    return found.pk


def _handler(case: Case, user: User, value: Any) -> int | None:
    found = _person("handler", value, "grid.handle_case")
    if found is not None:
        person = User.objects.select_related("organisation").get(pk=found)
        if person.organisation is None or person.organisation.org_code not in user.organisation_codes:
            raise field_fault("handler", "unknown", _("处置人须是本单位人员。"))
    return found


def _assignee(case: Case, user: User, value: Any) -> int | None:
    return _person("assignee", value, "grid.check_case")


def _main_case(case: Case, user: User, value: Any) -> uuid.UUID:
    """The main case of a join; whether the two belong together is a guard of the move."""
    number = str(getattr(value, "case_no", value) or "").strip()
    found = Case.objects.workable_by(user).filter(case_no=number).order_by().first()
    if found is None:
        raise field_fault("main_case", "unknown", _("没有案件 %s;请核对主案件号。") % (number or "—"))
    return found.pk


def _why(case: Case, user: User, value: Any) -> str:
    if value not in SUSPENSION_REASONS:
        raise field_fault("why", "code", _("请选择缓办原因:季节性、工程性或条件不具备。"))
    return str(value)


def _until(case: Case, user: User, value: Any) -> date:
    day = value if isinstance(value, date) else _quiet(parse_date, value)
    if day is None:
        raise field_fault("until", "date", _("请填写缓办截止日期,如 2026-12-31。"))
    return day


def _due_at(case: Case, user: User, value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else _quiet(parse_datetime, value)
    if moment is None:
        raise field_fault("due_at", "datetime", _("请填写要求答复的时间,如 2026-12-31T17:00。"))
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def _quiet(parse: Callable[[str], Any], value: Any) -> Any:
    """What a text means as a date or moment; None for one that means none."""
    try:
        return parse(str(value or "").strip())
    except ValueError:
        return None


def _satisfaction(case: Case, user: User, value: Any) -> str:
    if str(value) not in {"1", "2", "3", "4", "5"}:
        raise field_fault("satisfaction", "code", _("请选择满意度:5 非常满意 至 1 非常不满意。"))
    return str(value)


READERS: dict[str, Callable[[Case, User, Any], Any]] = {
    "reason": _reason,
    "rule": _rule,
    "duty_org": _duty_org,
    "assist_orgs": _assist_orgs,
    "opinion": _opinion,
    "handler": _handler,
    "assignee": _assignee,
    "main_case": _main_case,
    "why": _why,
    "until": _until,
    "due_at": _due_at,
    "satisfaction": _satisfaction,
}


def read_inputs(case: Case, move: Move, user: User, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a move, checked; ``opinion`` is always there. Raises InvalidInput for a wrong or unknown one."""
    unknown = sorted(set(fields) - set(move.inputs) - set(move.optional) - {"opinion"})
    if unknown:
        raise field_fault(unknown[0], "unknown", _("“%s”不需要此项。") % label_of(move.action))
    given = {name: READERS[name](case, user, fields.get(name)) for name in move.inputs}
    for name in move.optional:
        if name in READERS and name != "opinion" and fields.get(name):
            given[name] = READERS[name](case, user, fields[name])
    given.setdefault("opinion", str(fields.get("opinion") or "").strip())
    if len(given["opinion"]) > OPINION_LENGTH:
        raise field_fault("opinion", "too_long", _("意见最多 %s 个字。") % OPINION_LENGTH)
    return given


def is_said_before(case: Case, given: Mapping[str, Any], fields: Mapping[str, Any], last_opinion: str) -> bool:
    """Whether inputs are those that the last move was made with; a rule that is not given is any."""
    told = dict(given)
    if fields.get("rule") in (None, ""):
        told.pop("rule", None)
    stored = {
        "opinion": last_opinion,
        "reason": case.reject_reason,
        "duty_org": case.duty_org,
        "rule": FilingRule(case.filing_condition, case.limit_value or Decimal(0), case.limit_unit, case.deadline_class),
        "handler": case.handler_id,
        "main_case": case.merged_into,
    }
    return all(stored[name] == value for name, value in told.items() if name in stored)
