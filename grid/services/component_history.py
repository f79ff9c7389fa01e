"""Writes the history of components: one row per change by a person, one statement per change of a set."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.contrib.gis.geos import GEOSGeometry
from django.utils import timezone

from cityops.foundation.context import current_actor
from grid.models import Component, ComponentChange

Kind = ComponentChange.Kind


def note(
    component: Component,
    kind: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    *,
    reason: str = "",
    case_no: str = "",
    at: datetime | None = None,
) -> ComponentChange:
    """Write down one change of one component, by whoever acts, inside the caller's transaction."""
    actor = current_actor()
    return ComponentChange.objects.create(
        component=component,
        division_code=component.division_code,
        kind=kind,
        at=at or timezone.now(),
        by_id=actor.user_id,
        by_name=actor.name[:150],
        reason=reason[:200],
        case_no=case_no,
        before=None if before is None else plain(before),
        after=None if after is None else plain(after),
    )


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON keeps them: a day as ISO text, a place as WKT."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, GEOSGeometry):
        return value.wkt
    return value.isoformat() if isinstance(value, date) else value


TABLE = ComponentChange._meta.db_table
COLUMNS = "component_id, division_code, kind, at, by_id, by_name, reason, case_no, run, before, after"


def set_values(kind: str, run: int, reason: str = "") -> list[Any]:
    """Parameters of ``SET_VALUES``: who acts now, when, and why; ``run`` is the import or the conversion."""
    actor = current_actor()
    return [kind, timezone.now(), actor.user_id, actor.name[:150], reason[:200], run]


SET_VALUES = "%s::varchar, %s::timestamptz, %s::bigint, %s::varchar, %s::varchar, '', %s::bigint"
"""SQL in the order of ``COLUMNS``, from the kind to the run."""


def as_json(name: str, row: str) -> str:
    """SQL of a column as the history keeps it."""
    return f"ST_AsText({row}.geom)" if name == "geom" else f"{row}.{name}"


def difference(columns: Iterable[str], one: str, other: str) -> str:
    """SQL: the columns of row ``one`` that differ from those of ``other``, as a JSON object; NULL is kept as null."""
    facts = ", ".join(
        f"('{name}', to_jsonb({as_json(name, one)}), {one}.{name} IS DISTINCT FROM {other}.{name})" for name in columns
    )
    return (
        "(SELECT coalesce(jsonb_object_agg(d.name, d.value), '{}'::jsonb) "
        f"FROM (VALUES {facts}) AS d (name, value, differs) WHERE d.differs)"
    )


def written_down(statement: str, facts: str = "NULL::jsonb, NULL::jsonb") -> str:
    """A statement that returns ``rid`` and ``division_code`` (and what ``facts`` name), with its rows in the history.

    The parameters are those of the statement, then ``set_values``. It touches as many rows as are written down.
    """
    return (
        f"WITH changed AS ({statement}) INSERT INTO {TABLE} ({COLUMNS}) "
        f"SELECT rid, division_code, {SET_VALUES}, {facts} FROM changed"
    )
