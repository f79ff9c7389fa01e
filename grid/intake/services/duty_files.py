"""The duty table as a workbook: out as it stands, in as a whole or not at all."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO
from zipfile import BadZipFile

import openpyxl
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, field_fault
from grid.intake.models import DutyRule
from grid.intake.services.duties import FIELDS, Known, check_duty, may_change

HEADS = ("类别", "分类代码", "区划或网格", "星期", "每日自", "每日至", "生效日期", "失效日期", "责任单位代码", "依据")
"""The heads of the columns, in Chinese in every language: the file is exchanged with offices of the city."""
LARGEST_FILE = 4 << 20
MOST_ROWS = 20_000
MOST_FAULTS = 50


@dataclass(frozen=True)
class Imported:
    """What an import did."""

    added: int
    kept: int
    """Rows that were there already."""
    removed: int


def cells_of(row: DutyRule) -> tuple[Any, ...]:
    """A row as the cells of the file."""
    return (
        row.kind,
        row.class_code,
        row.area,
        "".join(str(day) for day in row.weekdays),
        f"{row.starts_at:%H:%M}" if row.starts_at else "",
        f"{row.ends_at:%H:%M}" if row.ends_at else "",
        str(row.valid_from),
        str(row.valid_to or ""),
        row.org_code,
        row.source,
    )


def import_duties(actor: User, file: BinaryIO, *, replace: bool = False) -> Imported:
    """Take the rows of a workbook in; with ``replace`` rows that are not in it go. One fault refuses the whole file.

    Raises NotAllowed; InvalidInput with the row number and reason of each fault (the first 50).
    """
    may_change(actor)
    rows = _checked(list(_rows(file)))
    with transaction.atomic():
        present = {cells_of(row)[:-1]: row for row in DutyRule.objects.select_for_update()}
        wanted = {cells_of(row)[:-1]: row for row in rows}
        fresh = [row for key, row in wanted.items() if key not in present]
        gone = [row.pk for key, row in present.items() if key not in wanted] if replace else []
        DutyRule.objects.filter(pk__in=gone).delete()
        DutyRule.objects.bulk_create(fresh)
        done = Imported(len(fresh), len(wanted) - len(fresh), len(gone))
        audit.record(
            "duty_rule.import",
            kind="duty_rule",
            division_code=settings.CITYOPS_REGION,
            after={"added": done.added, "kept": done.kept, "removed": done.removed},
        )
    return done


def _checked(rows: list[tuple[int, dict[str, Any]]]) -> list[DutyRule]:
    """The rows as they would be stored. Raises InvalidInput for the faults of all."""
    known, found, faults = Known.now(), [], []
    for number, values in rows:
        try:
            row = DutyRule(**_read(values))
            check_duty(row, known)
        except InvalidInput as fault:
            faults.append(_("第 %(row)s 行：%(fault)s") % {"row": number, "fault": fault.detail})
        else:
            found.append(row)
    if faults:
        more = len(faults) - MOST_FAULTS
        told = faults[:MOST_FAULTS] + ([_("另有 %s 行有误。") % more] if more > 0 else [])
        raise InvalidInput("\n".join(told), errors=[{"field": "file", "code": "rows", "detail": one} for one in told])
    return found


def _rows(file: BinaryIO) -> Iterator[tuple[int, dict[str, Any]]]:
    """(row number, cells by head). Raises InvalidInput for what is no such workbook."""
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (BadZipFile, KeyError, ValueError, OSError) as fault:
        raise _refused(_("这不是 xlsx 文件；请用导出的责任表作模板。")) from fault
    try:
        lines = book.worksheets[0].iter_rows(values_only=True)
        heads = [str(cell or "").strip() for cell in next(lines, ())]
        missing = [head for head in HEADS if head not in heads]
        if missing:
            raise _refused(_("缺少列：%s；请用导出的责任表作模板。") % "、".join(missing))
        for number, cells in enumerate(lines, start=2):
            if number > MOST_ROWS:
                raise _refused(_("最多 %s 行。") % MOST_ROWS)
            if any(cell not in (None, "") for cell in cells):
                yield number, dict(zip(heads, cells, strict=False))
    finally:
        book.close()


def _refused(text: str) -> InvalidInput:
    return field_fault("file", "file", text)


def _read(values: dict[str, Any]) -> dict[str, Any]:
    """The cells of one row as fields. Raises InvalidInput for what cannot be read."""
    read: dict[str, Any] = {}
    for name, head in zip(FIELDS, HEADS, strict=True):
        reader: Callable[[Any], Any] = _READERS.get(name, _text)
        try:
            read[name] = reader(values.get(head))
        except (ValueError, TypeError) as fault:
            told = _("“%(head)s”的值 %(value)s 看不懂。") % {"head": head, "value": values.get(head)}
            raise _refused(told) from fault
    return read


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def _days(value: Any) -> list[int]:
    return sorted({int(digit) for digit in _text(value) if digit not in "、,， "})


def _time(value: Any) -> dt.time | None:
    if isinstance(value, dt.datetime):
        return value.time()
    if isinstance(value, dt.time):
        return value
    return dt.time.fromisoformat(text) if (text := _text(value)) else None


def _day(value: Any) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    return dt.date.fromisoformat(text.replace("/", "-")) if (text := _text(value)) else None


_READERS: dict[str, Callable[[Any], Any]] = {
    "weekdays": _days,
    "starts_at": _time,
    "ends_at": _time,
    "valid_from": _day,
    "valid_to": _day,
}
