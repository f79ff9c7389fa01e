"""Replay the cases of the last quarter under a version that is to be activated, and keep what would change."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.errors import NotThere
from grid.models import Case, CaseStep, WorkflowVersion
from grid.rules.rehearsal import Findings, PastCase, PastStep, rehearse
from grid.rules.workflow import parse_workflow
from grid.selectors.calendar import current_desk
from grid.selectors.workflows import active_workflow

DAYS = 92
CHUNK = 2000


def rehearse_workflow(code: str, *, days: int = DAYS, at: datetime | None = None) -> Findings:
    """Rehearse a version with the cases reported here in the last ``days``; what was found is kept with it.

    Raises NotThere for a version that is not known.
    """
    version = WorkflowVersion.objects.filter(code=code).first()
    if version is None:
        raise NotThere
    at = at or timezone.now()
    then = parse_workflow(version.code, version.definition)
    found = rehearse(_past(at - timedelta(days=days)), now=active_workflow(), then=then, desk=current_desk())
    with transaction.atomic():
        version.rehearsed_at, version.rehearsal = at, {**found.as_json(), "days": days}
        version.save(update_fields=["rehearsed_at", "rehearsal"])
        audit.record("workflow.rehearse", kind="WorkflowVersion", key=code, after=version.rehearsal)
    return found


def _past(since: datetime) -> Iterator[PastCase]:
    people = {
        person.pk: frozenset(role.code for role in person.roles)
        for person in User.objects.filter(is_active=True).prefetch_related("groups")
    }
    cases = (
        Case.objects.filter(origin_code=settings.CITYOPS_NODE, reported_at__gte=since)
        .order_by("reported_at", "rid")
        .prefetch_related(Prefetch("steps", queryset=CaseStep.objects.order_by("seq"), to_attr="in_order"), "media")
    )
    for case in cases.iterator(chunk_size=CHUNK):
        yield _past_case(case, people)


def _past_case(case: Any, people: dict[int, frozenset[str]]) -> PastCase:
    photos: dict[int, int] = {}
    for photo in case.media.all():
        photos[photo.step_seq or 0] = photos.get(photo.step_seq or 0, 0) + 1
    steps = tuple(
        PastStep(
            action=step.action,
            from_state=step.from_state,
            at=step.operated_at,
            org_code=step.operator_org,
            role_codes=people.get(step.operator_id, frozenset()),
            photos=photos.get(step.seq, 0),
        )
        for step in case.in_order
    )
    return PastCase(
        case_no=case.case_no,
        class_code=case.class_code,
        division_code=case.division_code,
        limit_value=case.limit_value,
        limit_unit=case.limit_unit,
        steps=steps,
        asks_photos=not case.is_simulated,
    )
