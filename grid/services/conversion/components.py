"""Components under another standard: candidates, their new ids, and what cannot be converted, all as sets.

A component that had an id of the target before gets that one again. Otherwise county and sequence stay and the class
changes; where that id is taken (by a component, or formerly by another one) the next free sequence is given.
"""

from typing import Any

from django.conf import settings

from grid.models import Component, ComponentChange
from grid.rules.conversion import MALFORMED, NO_SEQUENCE, NO_TARGET, UNKNOWN
from grid.services.component_history import set_values, written_down
from grid.services.conversion.plan import ALIASES, CLASS
from grid.services.conversion.sql import execute, rows

TABLE = Component._meta.db_table
WORK = "convert_component"
"""Temporary table: rid, old id, class, county, the id of the target it had before, the new id, loss."""
_CLASS_OF = "substr({0}, 7, greatest(length({0}) - 12, 0))"


def prepare(from_std: str, to_std: str, prefix: str) -> None:
    """Find the components of this node in a part of the city, and decide on the id of each."""
    execute(f"DROP TABLE IF EXISTS {WORK}")
    execute(
        f"""
        CREATE TEMP TABLE {WORK} ON COMMIT DROP AS
        SELECT t.rid, t.obj_id AS old, t.class_code, left(t.obj_id, 6) AS county, f.old AS former, m.to_code,
            CASE WHEN f.old IS NOT NULL THEN f.old WHEN m.to_code IS NOT NULL AND {_CLASS_OF.format("t.obj_id")} =
                t.class_code THEN left(t.obj_id, 6) || m.to_code || right(t.obj_id, 6) END AS wanted,
            NULL::text AS new,
            CASE WHEN f.old IS NOT NULL THEN NULL WHEN m.class_code IS NULL THEN '{UNKNOWN}'
                WHEN m.to_code IS NULL THEN m.loss
                WHEN {_CLASS_OF.format("t.obj_id")} <> t.class_code THEN '{MALFORMED}' END AS loss
        FROM {TABLE} AS t LEFT JOIN {CLASS} AS m ON m.kind = '1' AND m.class_code = t.class_code
        LEFT JOIN LATERAL (SELECT a.old FROM {ALIASES} AS a WHERE a.subject = t.rid AND a.kind = 'component'
            AND a.std_ref = %s AND a.new = t.obj_id ORDER BY a.id DESC LIMIT 1) AS f ON true
        WHERE t.std_ref = %s AND t.origin_code = %s AND t.division_code LIKE %s
        """,
        [to_std, from_std, settings.CITYOPS_NODE, f"{prefix}%"],
    )
    execute(f"CREATE INDEX ON {WORK} (wanted)")
    execute(f"CREATE INDEX ON {WORK} (rid)")
    execute(f"ANALYZE {WORK}")
    _keep_sequences()
    _give_sequences()


def _taken(code: str, rid: str) -> str:
    """SQL: whether a code is that of another component, or was."""
    return (
        f"EXISTS (SELECT FROM {TABLE} AS o WHERE o.obj_id = {code} AND o.rid <> {rid}) OR EXISTS (SELECT FROM {ALIASES}"
        f" AS a WHERE a.kind = 'component' AND a.old = {code} AND a.subject <> {rid})"
    )


def _keep_sequences() -> None:
    """Who wants an id that is free has it; of several who want the same one, who had it before, then the lowest id."""
    execute(
        f"UPDATE {WORK} AS w SET new = w.wanted FROM (SELECT rid, row_number() OVER (PARTITION BY wanted "
        f"ORDER BY former IS NULL, old) AS place FROM {WORK} WHERE wanted IS NOT NULL) AS p "
        f"WHERE p.rid = w.rid AND p.place = 1 AND NOT ({_taken('w.wanted', 'w.rid')})"
    )


def _give_sequences() -> None:
    """The others get the next sequences after the highest that county and class ever had."""
    execute(
        f"""
        UPDATE {WORK} AS w SET new = CASE WHEN n.number <= 999999 THEN n.stem || lpad(n.number::text, 6, '0') END,
            loss = CASE WHEN n.number > 999999 THEN '{NO_SEQUENCE}' END
        FROM (
            SELECT c.rid, c.stem, h.last + row_number() OVER (PARTITION BY c.stem ORDER BY c.old) AS number
            FROM (SELECT rid, old, left(wanted, length(wanted) - 6) AS stem FROM {WORK}
                WHERE new IS NULL AND wanted IS NOT NULL) AS c
            JOIN LATERAL (SELECT coalesce(max(right(u.code, 6)::int), 0) AS last FROM (
                SELECT obj_id AS code FROM {TABLE} UNION ALL SELECT new FROM {WORK} WHERE new IS NOT NULL
                UNION ALL SELECT a.old FROM {ALIASES} AS a WHERE a.kind = 'component') AS u
                WHERE u.code LIKE c.stem || '%%' AND length(u.code) = length(c.stem) + 6) AS h ON true
        ) AS n WHERE n.rid = w.rid
        """,
        [],
    )


def report() -> list[dict[str, Any]]:
    """One line per class: how many there are, how many convert, get a new sequence or their former id, or stay, and
    why."""
    found = rows(
        f"""
        SELECT w.class_code, CASE WHEN w.new IS NOT NULL THEN {_CLASS_OF.format("w.new")} ELSE '' END,
            coalesce(w.loss, CASE WHEN w.new IS NULL THEN '{NO_TARGET}' ELSE '' END),
            count(*), count(w.new), count(*) FILTER (WHERE w.new <> w.wanted), count(*) FILTER (WHERE w.new = w.former)
        FROM {WORK} AS w GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        """
    )
    names = ("class_code", "to_code", "loss", "number", "converted", "renumbered", "restored")
    return [{"kind": "components", **dict(zip(names, row, strict=True))} for row in found]


def apply(from_std: str, to_std: str, run: int, at: Any) -> int:
    """Write the new ids, the former ones, and the history; returns how many components have a new id."""
    facts = (
        "jsonb_build_object('obj_id', old, 'class_code', old_class, 'std_ref', %s::text), "
        "jsonb_build_object('obj_id', obj_id, 'class_code', class_code, 'std_ref', std_ref)"
    )
    changed = execute(
        written_down(
            f"UPDATE {TABLE} AS t SET obj_id = w.new, class_code = {_CLASS_OF.format('w.new')}, std_ref = %s "
            f"FROM {WORK} AS w WHERE w.rid = t.rid AND w.new IS NOT NULL "
            "RETURNING t.rid, t.division_code, t.obj_id, t.class_code, t.std_ref, w.old, w.class_code AS old_class",
            facts,
        ),
        [to_std, *set_values(ComponentChange.Kind.CODE, run), from_std],
    )
    execute(
        f"INSERT INTO {ALIASES} (kind, class_kind, subject, old, new, std_ref, new_std_ref, former, converted_at, "
        f"run_id) SELECT 'component', '', rid, old, new, %s, %s, '{{}}', %s, %s FROM {WORK} WHERE new IS NOT NULL",
        [from_std, to_std, at, run],
    )
    return changed
