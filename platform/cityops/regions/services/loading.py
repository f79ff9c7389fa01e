"""Put divisions into the database: one COPY, one set-based merge, a report of what changed."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import shapely
from django.db import connection, transaction
from django.utils import timezone

from cityops.foundation import audit
from cityops.regions.rules import Level
from cityops.regions.services.rows import OWNER, DivisionRow

COLUMNS = (
    "rid",
    "code",
    "name",
    "level",
    "parent_code",
    "full_name",
    "valid_from",
    "valid_to",
    "successor_code",
    "source",
    "source_crs",
    "boundary",
)
COMPARED = tuple(name for name in COLUMNS if name not in ("rid", "code"))
EXAMPLES = 20


@dataclass
class LoadReport:
    """What a load changed: counts by level, and the first few changes as sentences."""

    read: int = 0
    added: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    retired: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    """Divisions that stay as an operator's own file made them."""
    examples: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether everything was there already."""
        return not (self.added or self.changed or self.retired)

    def lines(self) -> list[str]:
        """The report for a terminal."""
        lines = [f"{self.read} divisions read"]
        for word in ("added", "changed", "retired"):
            counts: Counter[str] = getattr(self, word)
            if counts:
                by_level = ", ".join(f"{level} {count}" for level, count in counts.items())
                lines.append(f"{sum(counts.values())} {word}: {by_level}")
        if self.kept:
            lines.append(f"{self.kept} kept as your own files made them (--overwrite replaces them)")
        return [*lines, *self.examples] if not self.is_empty else [*lines, "nothing changed"]


STAGE = """
    CREATE TEMP TABLE division_load (
        rid uuid, code varchar(12), name varchar(60), level smallint, parent_code varchar(12), full_name varchar(200),
        valid_from date, valid_to date, successor_code varchar(12), source varchar(200), source_crs varchar(20),
        boundary geometry(MultiPolygon, 4490), center geometry(Point, 4490)
    ) ON COMMIT DROP
"""
PREPARE = (
    # The row that is there already keeps its identity, whatever it was made from.
    """UPDATE division_load s SET rid = d.rid FROM regions_division d WHERE d.code = s.code AND
    (d.valid_from = s.valid_from OR (d.valid_to IS NULL AND s.valid_to IS NULL)) AND
    NOT EXISTS (SELECT 1 FROM regions_division o WHERE o.code = s.code AND o.valid_from = s.valid_from
    AND o.rid <> d.rid)""",
    "CREATE INDEX ON division_load (rid)",
    "CREATE INDEX ON division_load (code)",
    "ANALYZE division_load",
    # What the sources knew last time and do not know now, is retired; what other files brought stays.
    """CREATE TEMP TABLE division_gone ON COMMIT DROP AS SELECT d.rid, d.level, d.code, d.name FROM regions_division d
    WHERE d.valid_to IS NULL AND d.origin_code = %(owner)s AND d.source LIKE ANY(%(scope)s)
    AND NOT EXISTS (SELECT 1 FROM division_load s WHERE s.code = d.code AND s.valid_to IS NULL)""",
)


def _different(left: str, right: str) -> str:
    return " OR ".join(f"{left}.{name} IS DISTINCT FROM {right}.{name}" for name in COMPARED)


# The period of an operator's own, and what would stand beside it as current, is not what a package says.
KEEP = """DELETE FROM division_load s USING regions_division d WHERE d.code = s.code
    AND d.source <> '' AND NOT d.source LIKE ANY(%(replaceable)s)
    AND (d.rid = s.rid OR (d.valid_to IS NULL AND s.valid_to IS NULL) OR (d.valid_to IS NOT NULL
    AND s.valid_from <= d.valid_to AND coalesce(s.valid_to, 'infinity') >= d.valid_from))"""
CHANGED = (
    "CREATE TEMP TABLE division_changed ON COMMIT DROP AS SELECT d.rid, d.level, d.code, d.name AS old_name, "
    "s.name AS new_name FROM regions_division d JOIN division_load s USING (rid) WHERE " + _different("d", "s")
)
UPDATE = (
    "UPDATE regions_division d SET "
    + ", ".join(f"{name} = s.{name}" for name in COMPARED)
    + ", center = ST_PointOnSurface(s.boundary) FROM division_load s JOIN division_changed c USING (rid) "
    "WHERE d.rid = s.rid"
)
INSERT = (
    f"INSERT INTO regions_division ({', '.join(COLUMNS)}, center, origin_code) "
    f"SELECT {', '.join('s.' + name for name in COLUMNS)}, ST_PointOnSurface(s.boundary), %(owner)s "
    "FROM division_load s WHERE NOT EXISTS (SELECT 1 FROM regions_division d WHERE d.rid = s.rid) "
    "RETURNING level"
)
RETIRE = (
    "UPDATE regions_division d SET valid_to = GREATEST(%(today)s::date - 1, d.valid_from) FROM division_gone g "
    "WHERE d.rid = g.rid RETURNING d.level"
)


def _copy(rows: Iterable[DivisionRow]) -> int:
    """Fill the staging table; returns the number of rows."""
    count = 0
    with connection.cursor() as cursor, cursor.copy(f"COPY division_load ({', '.join(COLUMNS)}) FROM STDIN") as copy:
        for row in rows:
            boundary = None
            if row.boundary is not None:
                boundary = shapely.to_wkb(shapely.set_srid(row.boundary, 4490), hex=True, include_srid=True)
            copy.write_row(
                (
                    row.rid,
                    row.code,
                    row.name,
                    int(row.level),
                    row.parent_code,
                    row.full_name,
                    row.valid_from,
                    row.valid_to,
                    row.successor_code,
                    row.source,
                    row.source_crs,
                    boundary,
                )
            )
            count += 1
    return count


def _counts(levels: Iterable[tuple[int]]) -> Counter[str]:
    counted = Counter(level for (level,) in levels)
    return Counter({Level(level).name.lower(): counted[level] for level in sorted(counted)})


@transaction.atomic
def load_divisions(
    rows: Iterable[DivisionRow],
    *,
    retire_sources: tuple[str, ...] = (),
    replaceable: tuple[str, ...] = (),
    today: dt.date | None = None,
) -> LoadReport:
    """Load ``rows``; the same rows again change nothing.

    A division is known by code and period; the current one of a code keeps its record identity when its dates are
    corrected. Current divisions whose ``source`` begins with one of ``retire_sources`` and that are not among ``rows``
    are retired: the day before ``today`` was their last. With ``replaceable`` only divisions whose source begins with
    one of these, or that name none, are changed; others stay and are counted. Nothing is ever deleted.
    """
    report = LoadReport()
    values: dict[str, Any] = {
        "owner": OWNER,
        "scope": [f"{source}%" for source in retire_sources],
        "replaceable": [f"{source}%" for source in replaceable],
        "today": today or timezone.localdate(),
    }
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS division_load, division_gone, division_changed")
        cursor.execute(STAGE)
        report.read = _copy(rows)
        for statement in PREPARE:
            cursor.execute(statement, values if "%(" in statement else None)
        if replaceable:
            cursor.execute(KEEP, values)
            report.kept = cursor.rowcount
        cursor.execute(RETIRE, values)
        report.retired = _counts(cursor.fetchall())
        cursor.execute(CHANGED)
        cursor.execute(UPDATE)
        cursor.execute("SELECT level FROM division_changed")
        report.changed = _counts(cursor.fetchall())
        cursor.execute(INSERT, values)
        report.added = _counts(cursor.fetchall())
        cursor.execute(
            "SELECT code, old_name || CASE WHEN old_name = new_name THEN ' changed' ELSE ' is now ' || new_name END "
            "FROM division_changed UNION ALL SELECT code, name || ' retired' FROM division_gone ORDER BY 1 LIMIT %s",
            [EXAMPLES],
        )
        report.examples = [f"{code} {text}" for code, text in cursor.fetchall()]
    if not report.is_empty:
        audit.record(
            "division.load",
            kind="division",
            after={"added": report.added, "changed": report.changed, "retired": report.retired},
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE regions_division")
    return report
