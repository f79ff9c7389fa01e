"""Statements of a conversion."""

from collections.abc import Iterable
from typing import Any

from django.db import connection


def execute(sql: str, params: Iterable[Any] | None = None) -> int:
    """Run a statement; returns how many rows it touched. Parameters, also none, mean that a percent sign is doubled."""
    with connection.cursor() as cursor:
        cursor.execute(sql, None if params is None else list(params))
        return int(cursor.rowcount)


def rows(sql: str, params: Iterable[Any] | None = None) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, None if params is None else list(params))
        return list(cursor.fetchall())
