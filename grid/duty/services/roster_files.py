"""The roster as a workbook: what is exported can be changed and read again."""

import datetime as dt
from collections.abc import Iterator
from typing import IO, Any
from zipfile import BadZipFile

import openpyxl
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cityops.accounts.models import User
from cityops.foundation.errors import CityOpsError, InvalidInput
from cityops.foundation.exports import Column
from grid.duty.models import DutyGrid, Shift
from grid.duty.services.roster import MOST_ENTRIES, TOLD, Wanted, grid_for, supervisor_for
from grid.services.imports.bounds import check_workbook

LARGEST = 2 << 20
"""Bytes of a workbook with a roster."""
COLUMNS = (
    Column(gettext_lazy("日期"), "day"),
    Column(gettext_lazy("班次"), lambda entry: entry.shift.name),
    Column(gettext_lazy("责任网格编码"), lambda entry: entry.duty_grid.grid_code),
    Column(gettext_lazy("责任网格"), lambda entry: entry.duty_grid.name),
    Column(gettext_lazy("登录名"), lambda entry: entry.supervisor.username),
    Column(gettext_lazy("监督员"), lambda entry: entry.supervisor.name),
    Column(gettext_lazy("替班人"), lambda entry: entry.substitute.name if entry.substitute else ""),
    Column(gettext_lazy("替班原因"), "substitute_reason"),
)
READ = ("日期", "班次", "责任网格编码", "登录名")
"""Heads of the columns that are read; a workbook exported in English has theirs."""


def _wrong(told: str, code: str, errors: list[dict[str, Any]] | None = None) -> InvalidInput:
    return InvalidInput(told, errors=errors or [{"field": "file", "code": code, "detail": told}])


def read_roster(actor: User, file: IO[bytes]) -> list[Wanted]:
    """The entries that a workbook asks for. Raises InvalidInput, naming rows and what is wrong there."""
    shifts = {shift.name: shift for shift in Shift.objects.all()}
    grids: dict[str, DutyGrid] = {}
    people: dict[str, User] = {}
    wanted, faults = [], []
    for line, values in _lines(file):
        day, shift_name, grid_code, username = values
        try:
            if grid_code not in grids:
                grids[grid_code] = grid_for(actor, grid_code)
            if username not in people:
                people[username] = supervisor_for(actor, username)
            wanted.append(Wanted(_day(day), _shift(shifts, shift_name), grids[grid_code], people[username], line))
        except CityOpsError as refused:
            told = _("第 %(line)s 行:%(told)s") % {"line": line, "told": refused.detail}
            faults.append({"field": f"row {line}", "code": "roster", "detail": told})
    if faults:
        raise _wrong(_("有 %s 行不能读入,未保存任何一条。") % len(faults), "rows", faults[:TOLD])
    if not wanted:
        raise _wrong(_("文件里没有排班行。"), "empty")
    return wanted


def _lines(file: IO[bytes]) -> Iterator[tuple[int, tuple[str | dt.date, str, str, str]]]:
    rows = _sheet(file)
    heads = [str(value or "").strip() for value in next(rows, ())]
    known = [[str(column.title) for column in COLUMNS][number] for number in (0, 1, 2, 4)]
    places = [heads.index(name) if name in heads else heads.index(other) if other in heads else -1
              for name, other in zip(READ, known, strict=True)]  # fmt: skip
    if missing := [name for name, place in zip(READ, places, strict=True) if place < 0]:
        raise _wrong(_("文件缺少列 %s。请在导出的排班表上修改后再导入。") % "、".join(missing), "columns")
    for line, row in enumerate(rows, start=2):
        values = [row[place] if place < len(row) else None for place in places]
        if not any(value not in (None, "") for value in values):
            continue
        if line > MOST_ENTRIES + 1:
            raise _wrong(_("一个文件最多 %s 行。") % MOST_ENTRIES, "too_long")
        day = values[0] if isinstance(values[0], dt.date) else _text(values[0])
        yield line, (day, _text(values[1]), _text(values[2]), _text(values[3]))


def _sheet(file: IO[bytes]) -> Iterator[tuple[Any, ...]]:
    try:
        check_workbook(file)
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        yield from book.worksheets[0].iter_rows(values_only=True)
    except (BadZipFile, KeyError, ValueError, TypeError, IndexError, OSError) as error:
        raise _wrong(_("不是可读的 xlsx 文件。"), "workbook") from error


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value or "").strip()


def _day(value: str | dt.date) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(value.replace("/", "-"))
    except ValueError as error:
        raise InvalidInput(_("日期“%s”应写作 2026-11-24。") % value) from error


def _shift(shifts: dict[str, Shift], name: str) -> Shift:
    if name not in shifts:
        raise InvalidInput(_("没有名为“%(name)s”的班次;现有:%(known)s。") % {"name": name, "known": "、".join(shifts)})
    return shifts[name]
