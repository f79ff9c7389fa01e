"""Deadlines that the other system did not keep: counted by the disposal rule of the class, from dispatch or filing.

What the file gives stays as it is; only what is missing is filled, and only for cases that were filed.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from django.db import connection

from grid.rules.clock import add_limit
from grid.rules.moving import Desk
from grid.selectors.calendar import current_desk
from grid.services.imports.staging import GOOD, STAGE, execute, rows
from sync.standard.models import DisposalRule

CHUNK = 5_000
Limit = tuple[Decimal, str]
Staged = tuple[int, str, str, datetime, datetime | None]
"""Row, kind, class, start of the clock, disposal deadline given."""
Due = tuple[int, datetime, datetime, Decimal, str]
"""Row, disposal deadline, closing deadline, limit, its unit."""


def fill() -> int:
    """Fill the missing deadlines of the staged rows; returns how many rows got one."""
    limits = _limits()
    execute("DROP TABLE IF EXISTS import_due")
    execute(
        "CREATE TEMP TABLE import_due (row_no integer PRIMARY KEY, disposal timestamptz, closing timestamptz, "
        "value numeric(6, 1), unit text)"
    )
    desk, last = current_desk(), 0
    while chunk := rows(
        f"SELECT row_no, kind, class_code, coalesce(dispatched_at, filed_at), dispose_deadline FROM {GOOD} AS s "
        "WHERE (dispose_deadline IS NULL OR close_deadline IS NULL) AND coalesce(dispatched_at, filed_at) IS NOT NULL "
        f"AND row_no > %s::int ORDER BY row_no LIMIT {CHUNK}",
        [last],
    ):
        last = chunk[-1][0]
        with connection.cursor() as cursor, cursor.copy("COPY import_due FROM STDIN") as copy:
            for due in _dues(chunk, limits, desk):
                copy.write_row(due)
    return execute(
        f"UPDATE {STAGE} AS s SET close_deadline = coalesce(s.close_deadline, d.closing), "
        "dispose_deadline = coalesce(s.dispose_deadline, least(d.disposal, s.close_deadline)), "
        "limit_value = coalesce(s.limit_value, d.value), limit_unit = coalesce(s.limit_unit, d.unit) "
        "FROM import_due AS d WHERE d.row_no = s.row_no"
    )


def _limits() -> dict[tuple[str, str], Limit]:
    """(kind, class) → limit of its first filing condition in the default rule set."""
    found: dict[tuple[str, str], Limit] = {}
    rules = DisposalRule.objects.filter(is_active=True, rule_set__is_default=True, limit_value__isnull=False)
    for rule in rules.order_by("class_code", "condition_no"):
        keys = [(rule.kind, rule.class_code), *((kind, code) for kind in "12" for code in rule.matter_codes)]
        for key in keys:
            found.setdefault(key, (rule.limit_value or Decimal(0), rule.limit_unit))
    return found


def _dues(chunk: list[Staged], limits: dict[tuple[str, str], Limit], desk: Desk) -> Iterator[Due]:
    for row_no, kind, class_code, start, given in chunk:
        limit = limits.get((kind, class_code))
        if limit is None:
            continue
        disposal = given or add_limit(start, *limit, desk.calendar)
        yield row_no, disposal, desk.close_deadline(disposal), *limit
