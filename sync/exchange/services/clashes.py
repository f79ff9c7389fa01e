"""Keys that are taken: records whose number, or other unique key, another record holds, found set-wise.

Read only after the database refused a chunk. The unique keys are those of the table itself (the indexes), so none is
forgotten.
"""

from dataclasses import dataclass

from django.db.backends.utils import CursorWrapper

from sync.exchange.services.chunks import Target
from sync.exchange.services.shapes import Shape, quoted

MOST_ROUNDS = 8
"""How long a chain of records, each waiting for the number of the next, is followed."""
REMEDY = (
    "A number belongs to one record of the whole instance. Give this record or the one that holds the number another "
    "number, or delete the holder, at its owner: the corrected version replaces this one. Where the holder gives the "
    "number up by itself (numbers that were exchanged), this record is applied by the next retry."
)
GOOD = "NOT EXISTS (SELECT FROM sync_verdict v WHERE v.seq = {0}.seq)"


@dataclass(frozen=True)
class UniqueKey:
    """The columns of a unique index, and the condition under which it holds."""

    columns: tuple[str, ...]
    where: str

    def listed(self, alias: str) -> str:
        """The columns as one value."""
        return f"({', '.join(f'{alias}.{quoted(column)}' for column in self.columns)})"


def unique_keys(cursor: CursorWrapper, shape: Shape) -> list[UniqueKey]:
    """The unique keys of a kind's table, but its rid; those with a column that a sender does not give are left out."""
    cursor.execute(
        "SELECT array_agg(a.attname::text ORDER BY k.place), COALESCE(pg_get_expr(i.indpred, i.indrelid), 'true') "
        "FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k (number, place), pg_attribute a "
        "WHERE i.indrelid = %s::regclass AND i.indisunique AND NOT i.indisprimary AND i.indexprs IS NULL "
        "AND a.attrelid = i.indrelid AND a.attnum = k.number GROUP BY i.indexrelid ORDER BY i.indexrelid",
        [shape.table],
    )
    given = {*shape.columns, "origin_code"}
    return [UniqueKey(tuple(columns), where) for columns, where in cursor.fetchall() if given.issuperset(columns)]


def _coming(target: Target, key: UniqueKey) -> str:
    """SQL of the staged records that would be applied and have the key; takes one parameter, the producer."""
    staged = f"SELECT seq, rid, {target.shape.listed()}, %s AS origin_code FROM {target.shape.stage} WHERE op = 'U'"
    return f"(SELECT * FROM ({staged}) c WHERE {GOOD.format('c')} AND {key.where})"


def park_taken(cursor: CursorWrapper, target: Target) -> None:
    """A verdict for every record whose key another one holds, unless that one gives it up in the same chunk."""
    keys = unique_keys(cursor, target.shape)
    for key in keys:
        _park_repeated(cursor, target, key)
    for _round in range(MOST_ROUNDS):
        if not sum(_park_held(cursor, target, key, may_move=True) for key in keys):
            return
    for key in keys:
        _park_held(cursor, target, key, may_move=False)


def _park_repeated(cursor: CursorWrapper, target: Target, key: UniqueKey) -> None:
    """Of staged records with the same key the first stands, the others are parked."""
    cursor.execute(
        f"""
        INSERT INTO sync_verdict
        SELECT n.seq, 'P', {_reason(target, key, "n", "n.first_rid", "n.origin_code")}
        FROM (SELECT c.*, first_value(c.rid) OVER w AS first_rid, row_number() OVER w AS number
              FROM {_coming(target, key)} c WINDOW w AS (PARTITION BY {key.listed("c")} ORDER BY c.seq)) n
        WHERE n.number > 1 AND {key.listed("n")} IS NOT NULL ON CONFLICT DO NOTHING
        """,
        [target.producer],
    )


def _park_held(cursor: CursorWrapper, target: Target, key: UniqueKey, *, may_move: bool) -> int:
    """Park the records whose key a row of another record holds. Returns how many.

    A row that the chunk deletes holds nothing; with ``may_move`` neither does one that the chunk gives another key.
    """
    shape = target.shape
    leaves = f"(m.op <> 'U' OR {key.listed('m')} IS DISTINCT FROM {key.listed('t')})" if may_move else "m.op <> 'U'"
    moved = f"SELECT seq, rid, op, {shape.listed()}, %s AS origin_code FROM {shape.stage}"
    cursor.execute(
        f"""
        INSERT INTO sync_verdict
        SELECT DISTINCT ON (c.seq) c.seq, 'P', {_reason(target, key, "c", "t.rid", "t.origin_code")}
        FROM {_coming(target, key)} c
        JOIN (SELECT * FROM {shape.table} WHERE {key.where}) t ON {key.listed("t")} = {key.listed("c")}
        WHERE t.rid <> c.rid
          AND NOT EXISTS (SELECT FROM ({moved}) m WHERE m.rid = t.rid AND {leaves} AND {GOOD.format("m")})
        ON CONFLICT DO NOTHING
        """,
        [target.producer, target.producer],
    )
    return int(cursor.rowcount)


def _reason(target: Target, key: UniqueKey, alias: str, holder: str, owner: str) -> str:
    what = f"{target.shape.kind.dataset} {', '.join(key.columns)}"
    values = ", ".join(f"{alias}.{quoted(column)}" for column in key.columns)
    return (
        f"jsonb_build_array(jsonb_build_object('code', 'taken', 'detail', concat('{what} = ', "
        f"concat_ws(', ', {values}), ' is held by the record ', {holder}, ' of ', {owner}, '.'), "
        f"'remedy', '{REMEDY}'))"
    )


def vacate(cursor: CursorWrapper, target: Target) -> None:
    """Take away the rows that give their key to another record of the chunk; the upsert writes them anew.

    Numbers that were exchanged would otherwise meet half-way. Columns that do not travel begin at their defaults again.
    """
    shape = target.shape
    for key in unique_keys(cursor, shape):
        cursor.execute(
            f"DELETE FROM {shape.table} t USING {_coming(target, key)} c WHERE {key.listed('c')} = {key.listed('t')} "
            f"AND t.rid <> c.rid AND t.origin_code = %s "
            f"AND EXISTS (SELECT FROM {shape.stage} m WHERE m.rid = t.rid AND m.op = 'U' AND {GOOD.format('m')})",
            [target.producer, target.producer],
        )
