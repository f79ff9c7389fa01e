"""Cases and matter codes under another standard.

A case that is not filed yet converts; once filed, it keeps the class, the rule and the limits of the standard it was
filed under, and is found by the other code through the aliases (decision 0108).
"""

from typing import Any

from django.conf import settings

from grid.models import Case
from grid.rules.conversion import UNKNOWN
from grid.rules.stages import Stage
from grid.services.conversion.plan import ALIASES, CLASS
from grid.services.conversion.sql import execute, rows

TABLE = Case._meta.db_table
WORK = "convert_case"
UNFILED = (Stage.REPORTED.value, Stage.VERIFYING.value, Stage.ACCEPTED.value)
"""Stages before filing."""


def prepare(from_std: str, to_std: str, prefix: str) -> None:
    """Find the cases of this node: what becomes of those that are not filed, and how many keep their codes."""
    execute(f"DROP TABLE IF EXISTS {WORK}")
    execute(
        f"""
        CREATE TEMP TABLE {WORK} ON COMMIT DROP AS
        SELECT c.rid, c.kind, c.class_code, f.former,
            c.filed_at IS NULL AND c.state = ANY(%s) AS is_unfiled,
            coalesce(f.former ->> 'class_code', m.to_code) AS to_code,
            coalesce(f.former ->> 'matter_name', left(m.to_name, 30)) AS to_name,
            CASE WHEN f.former IS NOT NULL THEN '' WHEN m.class_code IS NULL THEN '{UNKNOWN}'
                ELSE coalesce(m.loss, '') END AS loss
        FROM {TABLE} AS c LEFT JOIN {CLASS} AS m ON m.kind = c.kind AND m.class_code = c.class_code
        LEFT JOIN LATERAL (SELECT a.former FROM {ALIASES} AS a WHERE a.subject = c.rid AND a.kind = 'case'
            AND a.std_ref = %s AND a.new_std_ref = c.std_ref
            AND a.new = coalesce(nullif(c.matter_code, ''), c.class_code) ORDER BY a.id DESC LIMIT 1) AS f ON true
        WHERE c.std_ref = %s AND c.origin_code = %s AND c.division_code LIKE %s
        """,
        [list(UNFILED), to_std, from_std, settings.CITYOPS_NODE, f"{prefix}%"],
    )
    execute(f"CREATE INDEX ON {WORK} (rid)")
    execute(f"ANALYZE {WORK}")


def report() -> list[dict[str, Any]]:
    """One line per class: cases that convert, that keep their codes because they are filed, or have no counterpart."""
    found = rows(
        f"""
        SELECT kind, class_code, coalesce(to_code, ''), loss, count(*),
            count(*) FILTER (WHERE is_unfiled AND to_code IS NOT NULL),
            count(*) FILTER (WHERE is_unfiled AND former IS NOT NULL), count(*) FILTER (WHERE NOT is_unfiled)
        FROM {WORK} GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        """
    )
    names = ("class_kind", "class_code", "to_code", "loss", "number", "converted", "restored", "kept")
    return [{"kind": "cases", "renumbered": 0, **dict(zip(names, row, strict=True))} for row in found]


def apply(from_std: str, to_std: str, run: int, at: Any) -> int:
    """Write the new codes of the unfiled cases, and what they were; the component's id follows its component."""
    execute(
        f"""
        INSERT INTO {ALIASES} (kind, class_kind, subject, old, new, std_ref, new_std_ref, former, converted_at, run_id)
        SELECT 'case', c.kind, c.rid, coalesce(nullif(c.matter_code, ''), c.class_code),
            CASE c.matter_code WHEN '' THEN w.to_code ELSE left(c.matter_code, 6) || w.to_code END, %s, %s,
            jsonb_build_object('class_code', c.class_code, 'matter_name', c.matter_name, 'component_id',
                c.component_id), %s, %s
        FROM {WORK} AS w JOIN {TABLE} AS c USING (rid) WHERE w.is_unfiled AND w.to_code IS NOT NULL
        """,
        [from_std, to_std, at, run],
    )
    return execute(
        f"""
        UPDATE {TABLE} AS c SET class_code = w.to_code, matter_name = w.to_name, std_ref = %s,
            matter_code = CASE c.matter_code WHEN '' THEN '' ELSE left(c.matter_code, 6) || w.to_code END,
            component_id = coalesce((SELECT k.obj_id FROM {ALIASES} AS a JOIN grid_component AS k ON k.rid = a.subject
                WHERE a.kind = 'component' AND a.old = c.component_id AND c.component_id <> ''
                AND NOT EXISTS (SELECT FROM grid_component AS o WHERE o.obj_id = c.component_id)
                ORDER BY a.id DESC LIMIT 1), c.component_id),
            updated_at = %s, version = c.version + 1
        FROM {WORK} AS w WHERE w.rid = c.rid AND w.is_unfiled AND w.to_code IS NOT NULL
        """,
        [to_std, at],
    )


MATTERS = f"""
    SELECT DISTINCT left(c.matter_code, 6) AS county, c.class_code, m.to_code, coalesce(m.loss, '{UNKNOWN}') AS loss
    FROM {TABLE} AS c LEFT JOIN {CLASS} AS m ON m.kind = '2' AND m.class_code = c.class_code
    WHERE c.std_ref = %s AND c.origin_code = %s AND c.division_code LIKE %s AND c.kind = '2' AND c.matter_code <> ''
"""
"""The matter codes in use: county and class. Parameters: the standard, this node, the division."""


def report_matters(from_std: str, prefix: str) -> list[dict[str, Any]]:
    """One line per class: in how many counties its matter code is in use, and whether it has a counterpart."""
    found = rows(
        f"SELECT class_code, coalesce(to_code, ''), CASE WHEN to_code IS NULL THEN loss ELSE '' END, count(*), "
        f"count(to_code) FROM ({MATTERS}) AS u GROUP BY 1, 2, 3 ORDER BY 1",
        [from_std, settings.CITYOPS_NODE, f"{prefix}%"],
    )
    names = ("class_code", "to_code", "loss", "number", "converted")
    return [{"kind": "matters", "renumbered": 0, "restored": 0, **dict(zip(names, r, strict=True))} for r in found]


def apply_matters(from_std: str, to_std: str, prefix: str, run: int, at: Any) -> int:
    """Write down the matter codes in use beside those of the target, once each."""
    return execute(
        f"INSERT INTO {ALIASES} (kind, class_kind, subject, old, new, std_ref, new_std_ref, former, converted_at, "
        f"run_id) SELECT 'matter', '2', NULL, county || class_code, county || to_code, %s, %s, '{{}}', %s, %s "
        f"FROM ({MATTERS}) AS u WHERE to_code IS NOT NULL AND NOT EXISTS (SELECT FROM {ALIASES} AS a "
        "WHERE a.kind = 'matter' AND a.old = county || u.class_code AND a.new = county || u.to_code)",
        [from_std, to_std, at, run, from_std, settings.CITYOPS_NODE, f"{prefix}%"],
    )


def apply_classes(from_std: str, to_std: str, kinds: tuple[str, ...], run: int, at: Any) -> int:
    """Write down which class is which, for the searches by class."""
    return execute(
        f"INSERT INTO {ALIASES} (kind, class_kind, subject, old, new, std_ref, new_std_ref, former, converted_at, "
        f"run_id) SELECT 'class', m.kind, NULL, m.class_code, m.to_code, %s, %s, '{{}}', %s, %s FROM {CLASS} AS m "
        f"WHERE m.to_code IS NOT NULL AND m.kind = ANY(%s) AND NOT EXISTS (SELECT FROM {ALIASES} AS a "
        "WHERE a.kind = 'class' AND a.class_kind = m.kind AND a.old = m.class_code AND a.new = m.to_code "
        "AND a.std_ref = %s AND a.new_std_ref = %s)",
        [from_std, to_std, at, run, list(kinds), from_std, to_std],
    )
