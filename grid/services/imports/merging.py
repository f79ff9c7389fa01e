"""What an import changes of stored rows: the columns its mapping names, and only where the file says something else."""

from collections.abc import Iterable
from typing import Any

from grid.services.imports.staging import execute


def update_changed(
    table: str, source: str, *, key: tuple[str, ...], columns: Iterable[str], also: str = "", params: Iterable[Any] = ()
) -> int:
    """Bring stored rows in step with staged ones; returns how many rows changed.

    ``source`` selects the ``key`` and the ``columns``, NULL where the stored value stays. ``also`` are assignments that
    a changed row gets besides (over ``t``, the stored row, and ``s``, the staged one) and that alone make no change.
    ``params`` are those of ``also``, then of ``source``. A row that stays as it was is not written: nothing is sent.
    """
    given = {name: f"coalesce(s.{name}, t.{name})" for name in columns}
    assigned = ", ".join([*(f"{name} = {value}" for name, value in given.items()), *filter(None, [also])])
    stored = ", ".join(f"t.{name}" for name in given)
    same = " AND ".join(f"t.{name} = s.{name}" for name in key)
    return execute(
        f"UPDATE {table} AS t SET {assigned} FROM ({source}) AS s "
        f"WHERE {same} AND ROW({stored}) IS DISTINCT FROM ROW({', '.join(given.values())})",
        params,
    )


def staged(mapped: Iterable[str], *, texts: Iterable[str], kept: Iterable[str]) -> list[str]:
    """SQL over ``s`` of the mapped fields of a stored row: an empty cell empties a text; ``kept`` it leaves alone."""
    mapped = set(mapped)
    emptied = [f"coalesce(s.{name}, '') AS {name}" for name in texts if name in mapped]
    return [*emptied, *(f"s.{name}" for name in kept if name in mapped)]
