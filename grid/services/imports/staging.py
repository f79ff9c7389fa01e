"""The staging table 暂存表: rows stream into it by COPY, SQL checks them as sets, and what is wrong is written down."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from grid.models import ImportIssue, ImportRun
from grid.services.imports import shapes
from grid.services.imports.faults import Fault, FileRefused, ValueFault, missing
from grid.services.imports.mapping import Mapping
from grid.services.imports.readers import Row
from grid.services.imports.values import Field, clean

CHUNK = 5_000
"""Rows per COPY; between two, faults are written and progress is told."""
MAX_ISSUES = 10_000
"""Faults kept in full per run; all of them are counted."""
MAX_PER_RULE = 1_000
"""Faults kept in full per rule that SQL finds."""
STAGE, BAD, FOUND = "import_stage", "import_bad", "import_found"
Progress = Callable[[int], None]
Explain = Callable[[str, str], tuple[str, str]]
"""From what SQL shows of a row and its shape (WKB in hex) to the sentence and the remedy."""


class Issues:
    """Writes the faults of a run, and counts them by rule."""

    def __init__(self, run: ImportRun) -> None:
        self.run = run
        self.by_rule: Counter[str] = Counter()
        self._kept = 0
        self._waiting: list[ImportIssue] = []

    def add(self, fault: Fault) -> None:
        """Take one fault; the first MAX_ISSUES are kept in full."""
        self.by_rule[fault.rule] += 1
        if self._kept >= MAX_ISSUES:
            return
        self._kept += 1
        self._waiting.append(
            ImportIssue(
                run=self.run,
                row_no=fault.row_no,
                key=clean(fault.key)[:40],
                field=fault.field,
                code=fault.rule,
                is_fatal=fault.is_fatal,
                message=clean(fault.message),
                remedy=fault.remedy,
            )
        )

    def count(self, rule: str, more: int) -> None:
        """Count faults that are not kept in full."""
        self.by_rule[rule] += more

    def flush(self) -> None:
        """Store what was taken."""
        ImportIssue.objects.bulk_create(self._waiting, batch_size=1_000)
        self._waiting = []


class Stage:
    """The rows of one file on their way in. One per connection at a time."""

    def __init__(
        self,
        run: ImportRun,
        mapping: Mapping,
        fields: tuple[Field, ...],
        key: str,
        *,
        has_shape: bool,
        is_by_heads: bool = False,
    ) -> None:
        self.run = run
        self.mapping = mapping
        self.fields = {field.name: field for field in fields}
        self.key = key
        self.has_shape = has_shape
        self.is_by_heads = is_by_heads
        self.issues = Issues(run)
        self.rows_read = 0
        self._unreadable = 0
        self._plain = [field for field in fields if field.name in mapping.fields and field.name not in _PLACE_FIELDS]
        self._need_fields()

    def _need_fields(self) -> None:
        """Every mandatory field must be mapped. Raises FileRefused."""
        lost = [name for name, field in self.fields.items() if field.required and name not in self.mapping.fields]
        if lost and self.is_by_heads:
            raise FileRefused(
                _("文件缺少必填列 %(lost)s。没有映射文件时，列名应为数据集字段的中文名或字段名；也可下载模板填写。")
                % {"lost": "、".join(lost)},
                fields=lost,
            )
        if lost:
            raise FileRefused(
                _("映射文件没有给出必填字段 %(lost)s；请在 [columns]、[templates] 或 [constants] 中补上。")
                % {"lost": "、".join(lost)},
                fields=lost,
            )

    def create(self) -> None:
        """Make the empty temporary tables."""
        columns = [f"{name} {field.sql}" for name, field in self.fields.items() if name not in _PLACE_FIELDS]
        self.drop()
        execute(
            f"CREATE TEMP TABLE {STAGE} (row_no integer NOT NULL, rid uuid NOT NULL DEFAULT gen_random_uuid(), "
            f"geom geometry(Geometry, 4490), {', '.join(columns)})"
        )
        execute(f"CREATE TEMP TABLE {BAD} (row_no integer PRIMARY KEY)")

    @staticmethod
    def drop() -> None:
        """Remove the temporary tables; they also end with the connection."""
        for table in (STAGE, BAD, FOUND, *EXTRA_TABLES):
            execute(f"DROP TABLE IF EXISTS {table}")

    def load(self, rows: Iterable[Row], progress: Progress) -> None:
        """Stream the rows in: what can be read is staged, what cannot becomes a fault."""
        stream = iter(rows)
        names = ["row_no", *(field.name for field in self._plain), *(["geom"] if self.has_shape else [])]
        statement = f"COPY {STAGE} ({', '.join(names)}) FROM STDIN"
        while chunk := list(islice(stream, CHUNK)):
            with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
                for values in self._converted(chunk):
                    copy.write_row(values)
            self.rows_read += len(chunk)
            self.issues.flush()
            progress(self.rows_read)
        execute(f"CREATE INDEX ON {STAGE} (row_no)")
        execute(f"CREATE INDEX ON {STAGE} ({self.key})")
        if self.has_shape:
            execute(f"CREATE INDEX ON {STAGE} USING gist (geom)")
        execute(f"ANALYZE {STAGE}")

    def _converted(self, chunk: list[Row]) -> Iterator[list[Any]]:
        for row in chunk:
            faults: list[Fault] = []
            values: list[Any] = [row.number, *(self._value(field, row, faults) for field in self._plain)]
            if self.has_shape:
                values.append(self._shape(row, faults))
            for fault in faults:
                self.issues.add(fault)
            if faults:
                self._unreadable += 1
            else:
                yield values

    def _value(self, field: Field, row: Row, faults: list[Fault]) -> Any:
        try:
            text = self.mapping.value(field.name, row.values)
            if text:
                return field.convert(text, self.mapping)
            if field.required:
                raise missing(self.mapping.source(field.name))
            return None
        except KeyError as error:
            fault = ValueFault(
                "unknown_code",
                _("“%(value)s”在映射文件的 [codes.%(field)s] 中没有对应代码。")
                % {"value": error.args[0], "field": field.name},
                _('请在 [codes.%(field)s] 中补上该值，或用 "*" 给出默认代码。') % {"field": field.name},
            )
            faults.append(self._fault(row, field.name, fault))
        except ValueFault as fault:
            faults.append(self._fault(row, field.name, fault))
        return None

    def _shape(self, row: Row, faults: list[Fault]) -> str | None:
        try:
            return self._read_shape(row)
        except (ValueFault, KeyError) as error:
            fault = error if isinstance(error, ValueFault) else missing(str(error))
            faults.append(self._fault(row, "geom", fault))
            return None

    def _read_shape(self, row: Row) -> str:
        mapped = self.mapping.fields
        has_point = "longitude" in mapped and "latitude" in mapped
        if "wkt" in mapped:
            text = self.mapping.value("wkt", row.values)
            if text or not has_point:
                return shapes.wkt_hex(text, self.mapping)
        if has_point:
            pair = []
            for name in ("longitude", "latitude"):
                text = self.mapping.value(name, row.values)
                if not text:
                    raise missing(self.mapping.source(name))
                pair.append(self.fields[name].convert(text, self.mapping))
            return shapes.point_hex(pair[0], pair[1], self.mapping)
        return shapes.geometry_hex(row.geometry, self.mapping)

    def _fault(self, row: Row, field: str, fault: ValueFault) -> Fault:
        try:
            key = self.mapping.value(self.key, row.values)
        except KeyError:
            key = ""
        return Fault(row.number, fault.rule, fault.message, fault.remedy, key=key, field=field)

    def flag(
        self,
        rule: str,
        found: str,
        explain: Explain,
        *,
        field: str = "",
        is_fatal: bool = True,
        params: Iterable[Any] = (),
    ) -> int:
        """Write down the rows that a query finds, and leave fatal ones out of what follows.

        ``found`` selects ``row_no`` and a text ``shown``. Rows that an earlier fatal check found are not told again.
        Returns how many rows were found.
        """
        execute(f"DROP TABLE IF EXISTS {FOUND}")
        execute(
            f"CREATE TEMP TABLE {FOUND} AS SELECT DISTINCT ON (row_no) row_no, shown FROM ({found}) AS f "
            f"WHERE NOT EXISTS (SELECT FROM {BAD} AS b WHERE b.row_no = f.row_no) ORDER BY row_no, shown",
            params,
        )
        total = int(one(f"SELECT count(*) FROM {FOUND}"))
        if not total:
            return 0
        kept = rows(
            f"SELECT s.row_no, s.{self.key}, f.shown, encode(ST_AsBinary(s.geom), 'hex') FROM {FOUND} AS f "
            f"JOIN {STAGE} AS s USING (row_no) ORDER BY row_no LIMIT {MAX_PER_RULE}"
        )
        for row_no, key, shown, shape in kept:
            message, remedy = explain(shown or "", shape or "")
            self.issues.add(Fault(row_no, rule, message, remedy, key=str(key), field=field, is_fatal=is_fatal))
        self.issues.count(rule, total - len(kept))
        self.issues.flush()
        if is_fatal:
            execute(f"INSERT INTO {BAD} SELECT row_no FROM {FOUND}")
        return total

    @property
    def rows_refused(self) -> int:
        """Rows that could not be read or that a check refused."""
        return self._unreadable + int(one(f"SELECT count(*) FROM {BAD}"))

    @property
    def rows_good(self) -> int:
        """Rows that nothing is wrong with."""
        return int(one(f"SELECT count(*) FROM {GOOD} AS s"))


_PLACE_FIELDS = frozenset({"longitude", "latitude", "wkt"})
EXTRA_TABLES = ("import_place", "import_city", "import_shape", "import_overlap", "import_due")
GOOD = f"(SELECT * FROM {STAGE} AS g WHERE NOT EXISTS (SELECT FROM {BAD} AS b WHERE b.row_no = g.row_no))"
"""The rows that no check refused so far, as a subquery."""


def execute(sql: str, params: Iterable[Any] = ()) -> int:
    """Run a statement; returns how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params) or None)
        return int(cursor.rowcount)


def rows(sql: str, params: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params) or None)
        return list(cursor.fetchall())


def one(sql: str, params: Iterable[Any] = ()) -> Any:
    """The one value of a query."""
    return rows(sql, params)[0][0]
