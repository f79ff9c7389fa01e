"""Take a report in 受理: the one door of every source, with the rule of the source.

It registers the report (core), keeps what a camera or device said, hands the reporter to who keeps reporters, does
what the rule of the source says next, and tells which cases may be the same matter. All in one transaction.
"""

import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation.errors import InvalidInput, NotAllowed, field_fault
from grid.intake.models import Finding
from grid.intake.rules.sources import NextStep, SourceTerms, after_report, lacks_of, may_bring
from grid.intake.selectors.similar import Similar, similar_to
from grid.intake.selectors.sources import source_terms
from grid.models import Case
from grid.rules.transitions import Action
from grid.services.acting import act_by_system
from grid.services.cases import Registered, Report, act, register
from grid.services.reporting_hooks import keep_reporter

NAMESPACE = uuid.UUID("5f0f0d3e-6f0b-5c0e-9d55-3c1f0c1a7e11")
"""Of the ``rid`` that a report gets from its source's own number, where that number names the matter."""


@dataclass(frozen=True)
class Detected:
    """What a camera, an analysis or a device adds to its report. ``confidence`` is 0 to 1."""

    device: str = ""
    confidence: Decimal | None = None
    model_name: str = ""


@dataclass(frozen=True)
class TakenIn:
    """The answer of the door."""

    registered: Registered
    state: str
    """Where the case stands now (CL_CASESTATE)."""
    next_step: NextStep
    """What the rule of the source said, and was done."""
    similar: list[Similar] = field(default_factory=list)


def take_in(
    user: User,
    report: Report,
    *,
    detected: Detected | None = None,
    contact: dict[str, str] | None = None,
    seen_on_site: bool | None = None,
    at: datetime | None = None,
) -> TakenIn:
    """Take in one report of any source.

    ``contact`` is who waits for an answer; ``seen_on_site`` says that somebody of the city's own stood before it (by
    default: a collector's or a volunteer's report with a photo). An empty ``urgency`` takes the source's. Where the
    source's number names the matter, the same number again is the same case, whoever sends it. What the rule orders
    is the city's standing decision, so the step is the system's; only filing is made by the person, who must be
    allowed to.

    Raises NotAllowed where the rule does not let the person bring in this source; InvalidInput for what it misses,
    and for all that ``register`` refuses.
    """
    terms = source_terms(report.source)
    report = _completed(user, terms, report, contact)
    with transaction.atomic():
        known = _known(user, terms, report)
        if known is not None:
            return known
        done = register(user, report, at=at)
        case = Case.objects.get(pk=done.rid)
        if not done.is_new:
            return _answer(user, done, case, NextStep.WAIT)
        _keep(report, done, detected, contact)
        seen = _is_seen(report) if seen_on_site is None else seen_on_site
        step = after_report(
            terms,
            confidence=detected.confidence if detected else None,
            seen_on_site=seen,
            may_file=user.has_perm("grid.file_case"),
        )
        _go_on(user, case, step)
        case.refresh_from_db(fields=["state"])
    return _answer(user, done, case, step)


def _completed(user: User, terms: SourceTerms, report: Report, contact: dict[str, str] | None) -> Report:
    """The report with the defaults of its source. Raises NotAllowed, InvalidInput."""
    if not may_bring(terms, frozenset(role.code for role in user.roles)):
        raise NotAllowed(_("按来源规则，您的角色不能登记来源为“%s”的上报。") % Case.Source(terms.source).label)
    lacks = lacks_of(
        terms,
        has_photo=bool(report.media),
        has_reporter=bool(report.reporter.strip() or any((contact or {}).values())),
        has_number=bool(report.source_no),
    )
    if lacks:
        words = {
            "photo_required": _("按来源规则须有现场照片。"),
            "reporter_required": _("按来源规则须留反映人，以便答复。"),
            "number_required": _("按来源规则须有来源单号，以免重复立案。"),
        }
        raise InvalidInput(
            " ".join(words[lack.code] for lack in lacks),
            errors=[{"field": lack.field, "code": lack.code, "detail": words[lack.code]} for lack in lacks],
        )
    changed: dict[str, Any] = {} if report.urgency else {"urgency": terms.default_urgency}
    if terms.number_is_unique and report.source_no:
        changed["rid"] = uuid.uuid5(NAMESPACE, f"{report.source}|{report.source_no}")
    return replace(report, **changed) if changed else report


def _known(user: User, terms: SourceTerms, report: Report) -> TakenIn | None:
    """The answer for a number that was taken in before, also past this door; None for a new one."""
    if not (terms.number_is_unique and report.source_no):
        return None
    case = Case.objects.filter(source_no=report.source_no, source=report.source).order_by("reported_at").first()
    if case is None:
        return None
    if not Case.objects.visible_to(user).filter(pk=case.pk).exists():
        told = _("来源单号 %s 已由其他区划登记。") % report.source_no
        raise field_fault("source_no", "taken", told)
    done = Registered(
        rid=case.pk,
        case_no=case.case_no,
        grid_code=case.grid_code,
        division_code=case.division_code,
        stage_due_at=case.stage_due_at or case.reported_at,
        is_new=False,
    )
    return _answer(user, done, case, NextStep.WAIT)


def _keep(report: Report, done: Registered, detected: Detected | None, contact: dict[str, str] | None) -> None:
    if detected is not None:
        Finding.objects.create(
            case_id=done.rid,
            source=report.source,
            source_no=report.source_no,
            device=detected.device,
            confidence=detected.confidence,
            model_name=detected.model_name,
        )
    keep_reporter(done.rid, **(contact or {}))


def _is_seen(report: Report) -> bool:
    return bool(report.media) and report.source in (Case.Source.COLLECTOR, Case.Source.VOLUNTEER)


def _answer(user: User, done: Registered, case: Case, step: NextStep) -> TakenIn:
    return TakenIn(done, case.state, step, similar_to(user, case))


def _go_on(user: User, case: Case, step: NextStep) -> None:
    """Do what the rule says."""
    said = _("来源规则：%s") % case.get_source_display()
    if step is NextStep.VERIFY:
        act_by_system(case, Action.SEND_VERIFY, timezone.now(), said)
    elif step in (NextStep.ACCEPT, NextStep.FILE):
        act_by_system(case, Action.ACCEPT, timezone.now(), said)
    if step is NextStep.FILE:
        act(user, case, Action.FILE, opinion=said)
