"""Keep the working calendar: load the official notices, change a day, set the hours. Each change is audited."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time

from chinese_calendar import Holiday
from chinese_calendar.constants import holidays as official_holidays
from chinese_calendar.constants import workdays as official_workdays
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.context import current_actor
from cityops.foundation.errors import InvalidInput, field_fault
from grid.models import CalendarChange, CalendarDay, WorkingPeriod
from grid.rules.clock import STANDARD_HOURS
from grid.selectors.calendar import LOCAL_SOURCE, forget_desk

NAMES = {holiday.value: holiday.chinese for holiday in Holiday}
"""The package's English names of holidays → Chinese."""
FIRST_HOURS_FROM = date(2000, 1, 1)


@dataclass(frozen=True)
class Loaded:
    """What loading the notices did."""

    years: tuple[int, ...]
    """Years with an official notice, now in the calendar."""
    added: int
    changed: int
    kept_local: int
    """Days that differ from the notice because the city changed them; they stay."""


def notice_of(year: int) -> str:
    """The legal basis of the special days of a year."""
    return f"国务院办公厅关于{year}年部分节假日安排的通知(全国年节及纪念日放假办法)"


def official_years() -> tuple[int, ...]:
    """The years whose notices the installed package carries."""
    return tuple(sorted({day.year for day in official_holidays}))


def load_official(years: Iterable[int] = ()) -> Loaded:
    """Put the notices of ``years`` (all that are known, by default) into the calendar; again changes nothing.

    Days that the city changed stay as they are. Raises InvalidInput for a year without a notice.
    """
    known = official_years()
    wanted = tuple(sorted(set(years))) or known
    missing = [year for year in wanted if year not in known]
    if missing:
        raise InvalidInput(
            _("%(years)s年没有官方放假通知(现有 %(first)s–%(last)s 年);请更新 chinesecalendar 后重试。")
            % {"years": "、".join(map(str, missing)), "first": known[0], "last": known[-1]}
        )
    rows = _official_rows(set(wanted))
    with transaction.atomic():
        present = CalendarDay.objects.in_bulk(list(rows))
        local = {day for day, row in present.items() if row.source == LOCAL_SOURCE}
        changed = [day for day, row in present.items() if day not in local and not _same(row, rows[day])]
        fresh = [row for day, row in rows.items() if day not in present]
        CalendarDay.objects.bulk_create(fresh)
        CalendarDay.objects.bulk_update([rows[day] for day in changed], ["is_workday", "name", "source"])
        if not WorkingPeriod.objects.exists():
            _write_periods(FIRST_HOURS_FROM, STANDARD_HOURS)
        moved = [*changed, *(row.day for row in fresh if row.is_workday != (row.day.weekday() < 5))]
        if moved:
            note_change(min(moved), max(moved), _("载入官方放假通知"))
        if fresh or changed:
            audit.record(
                "calendar.load",
                kind="calendar",
                division_code=settings.CITYOPS_REGION,
                after={"years": list(wanted), "added": len(fresh), "changed": len(changed)},
            )
    forget_desk()
    return Loaded(wanted, len(fresh), len(changed), len(local))


def _official_rows(years: set[int]) -> dict[date, CalendarDay]:
    special = [(day, False, name) for day, name in official_holidays.items()]
    special += [(day, True, name) for day, name in official_workdays.items()]
    return {
        day: CalendarDay(
            day=day,
            is_workday=is_workday,
            name=NAMES.get(name, name) + ("调休上班" if is_workday else ""),
            source=notice_of(day.year),
        )
        for day, is_workday, name in special
        if day.year in years
    }


def _same(row: CalendarDay, other: CalendarDay) -> bool:
    return (row.is_workday, row.name, row.source) == (other.is_workday, other.name, other.source)


def set_day(actor: User, day: date, *, is_workday: bool, name: str = "") -> CalendarDay:
    """Let the city make a day worked or free; limits that run over it are counted anew, finished ones stay.

    Raises NotAllowed for an actor of a part of the city, InvalidInput for a long name.
    """
    limits.whole_instance(actor)
    name = name.strip()
    if len(name) > 40:
        raise InvalidInput(
            _("名称最多 40 个字。"), errors=[{"field": "name", "code": "too_long", "detail": _("名称最多 40 个字。")}]
        )
    with transaction.atomic():
        before = CalendarDay.objects.select_for_update().filter(pk=day).first()
        row, _created = CalendarDay.objects.update_or_create(
            day=day, defaults={"is_workday": is_workday, "name": name, "source": LOCAL_SOURCE}
        )
        audit.record(
            "calendar.change",
            kind="calendar",
            key=day,
            division_code=settings.CITYOPS_REGION,
            before=None if before is None else {"is_workday": before.is_workday, "name": before.name},
            after={"is_workday": is_workday, "name": name},
        )
        if is_workday != (day.weekday() < 5 if before is None else before.is_workday):
            note_change(day, day, _("本市调整") + (f" {name}" if name else ""))
    forget_desk()
    return row


def reset_day(actor: User, day: date) -> None:
    """Take a change of the city back: the official notice holds again, or the weekday. Raises NotAllowed."""
    limits.whole_instance(actor)
    with transaction.atomic():
        row = CalendarDay.objects.select_for_update().filter(pk=day, source=LOCAL_SOURCE).first()
        if row is None:
            return
        official = _official_rows({day.year}).get(day)
        before = {"is_workday": row.is_workday, "name": row.name}
        row.delete()
        if official is not None:
            official.save(force_insert=True)
        note_change(day, day, _("恢复官方安排"))
        audit.record("calendar.reset", kind="calendar", key=day, division_code=settings.CITYOPS_REGION, before=before)
    forget_desk()


def set_hours(actor: User, valid_from: date, periods: Sequence[tuple[time, time]], *, is_yearly: bool = False) -> None:
    """Set the working periods of a working day from a day on; with ``is_yearly`` from that day of each year on.

    Hours that began on the same day are replaced. Raises NotAllowed for an actor of a part of the city, InvalidInput
    where periods overlap or end early.
    """
    limits.whole_instance(actor)
    ordered = sorted(periods)
    if not ordered or any(start >= end for start, end in ordered):
        raise InvalidInput(
            _("每个工作时段的结束须晚于开始,且至少有一个时段。"),
            errors=[{"field": "periods", "code": "order", "detail": _("请检查开始和结束时间。")}],
        )
    if any(first[1] > second[0] for first, second in itertools.pairwise(ordered)):
        raise InvalidInput(
            _("工作时段互相重叠。"),
            errors=[{"field": "periods", "code": "overlap", "detail": _("请让后一时段从前一时段结束之后开始。")}],
        )
    with transaction.atomic():
        before = _shown(WorkingPeriod.objects.filter(valid_from=valid_from))
        WorkingPeriod.objects.filter(valid_from=valid_from).delete()
        _write_periods(valid_from, ordered, is_yearly=is_yearly)
        after = _shown(WorkingPeriod.objects.filter(valid_from=valid_from))
        audit.record(
            "calendar.hours",
            kind="calendar",
            key=valid_from,
            division_code=settings.CITYOPS_REGION,
            before=before or None,
            after=after,
        )
        if before != after:
            note_change(valid_from, None, _("工作时段变更"))
    forget_desk()


def remove_hours(actor: User, valid_from: date) -> None:
    """Take hours away again: those before them hold on. Taking away what is not there changes nothing.

    Raises NotAllowed for an actor of a part of the city, InvalidInput for the last hours that are left.
    """
    limits.whole_instance(actor)
    with transaction.atomic():
        rows = WorkingPeriod.objects.select_for_update().filter(valid_from=valid_from)
        before = _shown(rows)
        if not before:
            return
        if not WorkingPeriod.objects.exclude(valid_from=valid_from).exists():
            told = _("至少保留一组工作时段;请先设置另一组。")
            raise field_fault("valid_from", "last_hours", told)
        rows.delete()
        audit.record(
            "calendar.hours_removed",
            kind="calendar",
            key=valid_from,
            division_code=settings.CITYOPS_REGION,
            before=before,
        )
        note_change(valid_from, None, _("工作时段变更"))
    forget_desk()


def note_change(first_day: date, last_day: date | None, because: str, *, only_warnings: bool = False) -> CalendarChange:
    """Write down that limits have to be counted anew (``services.recounting``); in the transaction of the change."""
    return CalendarChange.objects.create(
        first_day=first_day,
        last_day=last_day,
        because=because[:200],
        changed_by=current_actor().name[:150],
        only_warnings=only_warnings,
    )


def _shown(rows: Iterable[WorkingPeriod]) -> dict[str, object]:
    """Hours as they stand in the audit trail; empty where there are none."""
    found = sorted(rows, key=lambda row: row.starts_at)
    periods = [f"{row.starts_at:%H:%M}-{row.ends_at:%H:%M}" for row in found]
    return {"periods": periods, "is_yearly": found[0].is_yearly} if found else {}


def _write_periods(valid_from: date, periods: Iterable[tuple[time, time]], *, is_yearly: bool = False) -> None:
    WorkingPeriod.objects.bulk_create(
        WorkingPeriod(valid_from=valid_from, starts_at=start, ends_at=end, is_yearly=is_yearly)
        for start, end in periods
    )
