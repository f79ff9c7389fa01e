"""What Open311 shows: services (classes in force) and requests (cases).

Without a key only what was seen on the street is shown, and of it no free text and no exact place; with a key what
the holder may see, ``visible_to(user)``. Nothing of a reporter in either.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from cityops.accounts.models import User
from grid.interfaces.rules.georeport import MOST_REQUESTS, PUBLIC_DECIMALS, PUBLIC_SOURCES, service_code, status_of
from grid.models import Case
from grid.selectors.cases import department_names
from grid.selectors.classes import classes_in_force
from grid.selectors.ground import division_names
from grid.selectors.places import city_prefix
from sync.standard.models import ClassEntry


@dataclass(frozen=True)
class Asked:
    """Which requests are asked for; empty means any."""

    begin: datetime | None = None
    end: datetime | None = None
    numbers: tuple[str, ...] = ()
    services: tuple[tuple[str, str], ...] = ()
    stages: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RequestShown:
    """A case as Open311 shows it. Longitude and latitude in degrees."""

    number: str
    status: str
    status_notes: str
    service_name: str
    service_code: str
    description: str
    agency: str
    requested_at: datetime
    updated_at: datetime
    expected_at: datetime | None
    address: str
    latitude: float
    longitude: float


def services() -> QuerySet[ClassEntry]:
    """The classes in force, components first."""
    return classes_in_force().order_by("kind", "class_code")


def service_of(kind: str, class_code: str) -> ClassEntry | None:
    """The class in force behind a service; None where there is none."""
    return classes_in_force().filter(kind=kind, class_code=class_code).first()


def readable_cases(user: User | None) -> QuerySet[Case]:
    """The cases that the holder of a key may see; without one those of the city that are open to the public."""
    if user is not None:
        seen: QuerySet[Case] = Case.objects.visible_to(user)
        return seen
    return Case.objects.filter(source__in=PUBLIC_SOURCES, division_code__startswith=city_prefix())


def find_requests(user: User | None, asked: Asked) -> list[RequestShown]:
    """The newest requests that fit, at most MOST_REQUESTS."""
    rows = readable_cases(user)
    if asked.numbers:
        rows = rows.filter(case_no__in=asked.numbers)
    if asked.begin and asked.end:
        rows = rows.filter(reported_at__range=(asked.begin, asked.end))
    if asked.services:
        wanted = Q()
        for kind, class_code in asked.services:
            wanted |= Q(kind=kind, class_code=class_code)
        rows = rows.filter(wanted)
    if asked.stages:
        rows = rows.filter(state__in=asked.stages)
    return _shown(user, rows.order_by("-reported_at", "-rid")[:MOST_REQUESTS])


def number_of_token(user: User | None, token: uuid.UUID) -> str | None:
    """The number of the case whose ``rid`` the token is; None where it is not to be seen."""
    found: str | None = readable_cases(user).filter(rid=token).values_list("case_no", flat=True).first()
    return found


def _shown(user: User | None, rows: Iterable[Case]) -> list[RequestShown]:
    cases = list(rows)
    agencies = department_names(cases)
    places = {} if user is not None else _places(cases)
    return [_one(case, agencies.get(case.duty_org, ""), places) for case in cases]


def _places(cases: list[Case]) -> dict[str, str]:
    """Community code → names of street and community."""
    codes = {case.division_code for case in cases}
    names = division_names(codes | {f"{code[:9]}000" for code in codes})
    return {code: f"{names.get(f'{code[:9]}000', '')} {names.get(code, '')}".strip() or code for code in codes}


def _one(case: Case, agency: str, places: dict[str, str]) -> RequestShown:
    public: Any = places.get(case.division_code)
    point = case.geom
    return RequestShown(
        number=case.case_no,
        status=status_of(case.state),
        status_notes=case.get_state_display(),
        service_name=case.matter_name,
        service_code=service_code(case.kind, case.class_code),
        description="" if public is not None else case.description,
        agency=agency,
        requested_at=case.reported_at,
        updated_at=case.updated_at,
        expected_at=case.close_deadline or case.dispose_deadline or case.due_at,
        address=public if public is not None else case.address,
        latitude=round(point.y, PUBLIC_DECIMALS) if public is not None else point.y,
        longitude=round(point.x, PUBLIC_DECIMALS) if public is not None else point.x,
    )
