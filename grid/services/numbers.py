"""The last case number of a day 案件号: registration counts it up; a history and a simulated past raise it."""

from collections.abc import Collection, Mapping
from datetime import date
from uuid import UUID

from django.conf import settings
from django.db import connection

from grid.models import Case, CaseNumber

SEQUENCE_DIGITS = 10
"""Case number 案件号: 6 digits of the city, the day as yyyymmdd, and a sequence of 10 (designed; GL01)."""
_NEXT = f"""
INSERT INTO {CaseNumber._meta.db_table} AS n (division_code, day, last) VALUES (%(city)s, %(day)s, 1)
ON CONFLICT (division_code, day) DO UPDATE SET last = n.last + 1 RETURNING last
"""
_RAISE = f"""
INSERT INTO {CaseNumber._meta.db_table} AS n (division_code, day, last)
SELECT %(city)s::varchar, d.day, d.last FROM unnest(%(days)s::date[], %(last)s::bigint[]) AS d (day, last)
ON CONFLICT (division_code, day) DO UPDATE SET last = greatest(n.last, excluded.last)
"""
_RAISE_PAST = f"""
INSERT INTO {CaseNumber._meta.db_table} AS n (division_code, day, last)
SELECT left(c.case_no, 6), to_date(substr(c.case_no, 7, 8), 'YYYYMMDD'), max(substr(c.case_no, 15)::bigint)
FROM {Case._meta.db_table} c WHERE c.rid = ANY(%(rids)s) AND c.case_no ~ %(shape)s GROUP BY 1, 2
ON CONFLICT (division_code, day) DO UPDATE SET last = greatest(n.last, excluded.last)
"""


def city_digits() -> str:
    """The six digits that every case number of this city begins with."""
    region: str = settings.CITYOPS_REGION
    return region[:6]


def next_case_number(day: date) -> str:
    """A case number of a day that was never given before."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, {"city": city_digits(), "day": day})
        return f"{city_digits()}{day:%Y%m%d}{cursor.fetchone()[0]:0{SEQUENCE_DIGITS}d}"


def last_numbers() -> dict[date, int]:
    """The last number given, by day."""
    return dict(CaseNumber.objects.filter(division_code=city_digits()).values_list("day", "last"))


def raise_numbers(last: Mapping[date, int]) -> None:
    """Let registration go on after these numbers, by day; a day that is further on stays."""
    with connection.cursor() as cursor:
        cursor.execute(_RAISE, {"city": city_digits(), "days": list(last), "last": list(last.values())})


def raise_past(rids: Collection[UUID]) -> None:
    """Let registration go on after the numbers of these cases: they came back after the counter was restored."""
    shape = f"^{city_digits()}[0-9]{{4}}(0[1-9]|1[0-2])([0-2][0-9]|3[01])[0-9]{{{SEQUENCE_DIGITS}}}$"
    with connection.cursor() as cursor:
        cursor.execute(_RAISE_PAST, {"rids": list(rids), "shape": shape})
