"""What an import changes of stored rows: the columns its mapping names, and only where the file says something else."""

from collections.abc import Iterable
from typing import Any

from grid.services.component_history import difference, written_down
from grid.services.imports.staging import execute


def update_changed(
    table: str,
    source: str,
    *,
    key: tuple[str, ...],
    columns: Iterable[str],
    also: str = "",
    params: Iterable[Any] = (),
    history: tuple[Iterable[str], list[Any]] | None = None,
) -> int:
    """Bring stored rows in step with staged ones; returns how many rows changed.

    ``source`` selects the ``key`` and the ``columns``, NULL where the stored value stays. ``also`` are assignments that
    a changed row gets besides (over ``t``, the stored row, and ``s``, the staged one) and that alone make no change.
    ``params`` are those of ``also``, then of ``source``. A row that stays as it was is not written: nothing is sent.
    ``history``, for components, are the columns that ``also`` sets and the values of ``set_values``: with it the same
    statement writes down every changed row.
    """
    given = {name: f"coalesce(s.{name}, t.{name})" for name in columns}
    assigned = ", ".join([*(f"{name} = {value}" for name, value in given.items()), *filter(None, [also])])
    stored = ", ".join(f"t.{name}" for name in given)
    same = " AND ".join(f"t.{name} = s.{name}" for name in key)
    differs = f"ROW({stored}) IS DISTINCT FROM ROW({', '.join(given.values())})"
    if history is None:
        return execute(f"UPDATE {table} AS t SET {assigned} FROM ({source}) AS s WHERE {same} AND {differs}", params)
    more, values = history
    names = [*given, *more]
    facts = f"{difference(names, 'o', 't')} AS before, {difference(names, 't', 'o')} AS after"
    statement = (
        f"UPDATE {table} AS t SET {assigned} FROM ({source}) AS s JOIN {table} AS o "  # o: the row as it was
        f"ON {same.replace('t.', 'o.')} WHERE o.rid = t.rid AND {same} AND {differs} "
        f"RETURNING t.rid, t.division_code, {facts}"
    )
    return execute(written_down(statement, "before, after"), [*params, *values])


def staged(mapped: Iterable[str], *, texts: Iterable[str], kept: Iterable[str]) -> list[str]:
    """SQL over ``s`` of the mapped fields of a stored row: an empty cell empties a text; ``kept`` it leaves alone."""
    mapped = set(mapped)
    emptied = [f"coalesce(s.{name}, '') AS {name}" for name in texts if name in mapped]
    return [*emptied, *(f"s.{name}" for name in kept if name in mapped)]
