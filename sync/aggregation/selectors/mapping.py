"""What local codes mean in the standard: mappings with the cases under them, and local codes without one."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from cityops.accounts.models import User
from sync.aggregation.models import CodeMapping
from sync.aggregation.selectors.overview import names_seen
from sync.aggregation.selectors.sources import finder

MOST_UNMAPPED = 200
CURRENT = "(m.valid_to IS NULL OR m.valid_to >= current_date)"


@dataclass(frozen=True)
class LocalCode:
    """A local class that cases of a node bear, and how many; its standard class where it is mapped."""

    node_code: str
    kind: str
    local_code: str
    cases: int


def mappings(user: User) -> QuerySet[CodeMapping]:
    """The mappings of the nodes that the person may see."""
    found: QuerySet[CodeMapping] = CodeMapping.objects.visible_to(user)
    return found


def unmapped(user: User) -> list[LocalCode]:
    """Local classes without a standard one, those of most cases first; at most MOST_UNMAPPED. One statement."""
    cases = finder()("GL01")
    local, kind = cases.column("ext_class"), cases.column("kind")
    return _asked(
        f"SELECT t.origin_code, {kind}, {local}, count(*) FROM {cases.table} t WHERE {local} <> '' "
        "AND t.origin_code = ANY(%s::text[]) AND NOT EXISTS (SELECT FROM aggregation_codemapping m WHERE "
        f"m.node_code = t.origin_code AND m.kind = {kind} AND m.local_code = {local} AND {CURRENT}) "
        f"GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 3 LIMIT {MOST_UNMAPPED}",
        [list(names_seen(user))],
    )


def _asked(sql: str, params: list[Any]) -> list[LocalCode]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [LocalCode(*row) for row in cursor.fetchall()]


def by_standard_class(owners: list[str]) -> dict[tuple[str, str], int]:
    """Cases by kind and standard class, local classes counted under what they are mapped to. One statement."""
    cases = finder()("GL01")
    local, kind, code = cases.column("ext_class"), cases.column("kind"), cases.column("class_code")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {kind}, coalesce(m.class_code, {code}), count(*) FROM {cases.table} t "
            "LEFT JOIN aggregation_codemapping m ON m.node_code = t.origin_code AND "
            f"m.kind = {kind} AND m.local_code = {local} AND {local} <> '' AND {CURRENT} "
            "WHERE t.origin_code = ANY(%s::text[]) GROUP BY 1, 2",
            [owners],
        )
        return {(row[0], row[1]): row[2] for row in cursor.fetchall()}
