"""Put people on the roster 排班: one entry, a month by a repeating week, substitutes. All or none."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.accounts.services import limits
from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput, NotThere, Refused, field_fault
from grid.duty.models import Assignment, DutyGrid, Shift
from grid.duty.rules.shifts import Booking, Days, collisions, runs_on, window_of
from grid.duty.selectors.roster import supervisors_for
from grid.rules.clock import WorkCalendar
from grid.selectors.calendar import current_desk

MOST_ENTRIES = 5_000
"""Entries that are planned at once: a month of fifty responsibility grids with three shifts."""
TOLD = 20
"""Reasons that a refusal lists."""


@dataclass(frozen=True)
class ShiftFields:
    """What a shift is made of."""

    name: str
    starts_at: dt.time
    ends_at: dt.time
    days: str = Days.EVERY.value
    weekdays: str = ""


def save_shift(actor: User, fields: ShiftFields, pk: int | None = None) -> Shift:
    """Make a shift, or change one; rosters that are planned keep their hours.

    Raises NotAllowed for an actor of a part of the city, InvalidInput, NotThere.
    """
    limits.whole_instance(actor)
    name = fields.name.strip()
    if not name or len(name) > 20:
        raise field_fault("name", "length", _("班次名称为 1 至 20 个字。"))
    if Shift.objects.filter(name=name).exclude(pk=pk or 0).exists():
        raise field_fault("name", "taken", _("已有名为“%s”的班次。") % name)
    if fields.starts_at == fields.ends_at:
        raise field_fault("ends_at", "same", _("开始和结束不能相同;跨零点的班次,结束时间早于开始时间。"))
    weekdays = "".join(sorted(set(fields.weekdays) & set("1234567"))) if fields.days == Days.WEEKDAYS else ""
    if fields.days == Days.WEEKDAYS and not weekdays:
        raise field_fault("weekdays", "required", _("请选择每周的哪几天。"))
    with transaction.atomic():
        shift = Shift() if pk is None else Shift.objects.select_for_update().filter(pk=pk).first()
        if shift is None:
            raise NotThere
        before = None if pk is None else _shift_facts(shift)
        shift.name, shift.starts_at, shift.ends_at = name, fields.starts_at, fields.ends_at
        shift.days, shift.weekdays = fields.days, weekdays
        shift.save()
        _audit_shift("shift.change" if pk else "shift.create", shift, before=before, after=_shift_facts(shift))
    return shift


def retire_shift(actor: User, pk: int) -> Shift:
    """Offer a shift no more; what is planned with it stays. Raises NotAllowed, NotThere."""
    limits.whole_instance(actor)
    with transaction.atomic():
        shift = Shift.objects.select_for_update().filter(pk=pk).first()
        if shift is None:
            raise NotThere
        if shift.is_active:
            shift.is_active = False
            shift.save(update_fields=["is_active"])
            _audit_shift("shift.retire", shift, before={"is_active": True}, after={"is_active": False})
    return shift


def _shift_facts(shift: Shift) -> dict[str, Any]:
    return {
        "name": shift.name,
        "hours": f"{shift.starts_at:%H:%M}-{shift.ends_at:%H:%M}",
        "days": shift.days,
        "weekdays": shift.weekdays,
    }


def _audit_shift(action: str, shift: Shift, **changes: Any) -> None:
    audit.record(action, kind="Shift", key=shift.name, division_code=settings.CITYOPS_REGION, **changes)


@dataclass(frozen=True)
class Wanted:
    """One entry that somebody wants on the roster."""

    day: dt.date
    shift: Shift
    grid: DutyGrid
    supervisor: User
    line: int = 0
    """Row of the file it stands in; 0 for none."""


@dataclass(frozen=True)
class Planned:
    """What planning did."""

    made: int
    present: int
    """Entries that were there already."""


def grid_for(actor: User, code: str) -> DutyGrid:
    """The responsibility grid to plan for. Raises InvalidInput for one that is not there or not patrolled."""
    found: DutyGrid | None = DutyGrid.objects.workable_by(actor).filter(grid_code=code).defer("geom").first()
    if found is None:
        raise field_fault("grid", "unknown", _("没有责任网格 %s,或不在您的范围内。") % code)
    if found.grid_kind != DutyGrid.Kind.COLLECTING:
        raise field_fault("grid", "kind", _("“%s”不是采集责任网格,不排巡查班次。") % found.name)
    return found


def supervisor_for(actor: User, username: str) -> User:
    """The person to put on the roster. Raises InvalidInput for one who does not patrol or is not the actor's."""
    found = supervisors_for(actor).filter(username=username).first()
    if found is None:
        told = _("没有可排班的人员“%s”:须在您的范围内、启用中,且角色含“登记巡查到访”。") % username
        raise field_fault("supervisor", "unknown", told)
    return found


def assign(actor: User, *, day: dt.date, shift: Shift, grid_code: str, username: str) -> Assignment:
    """Put one person on the roster; the same entry again changes nothing.

    Raises InvalidInput where the person is booked elsewhere at that time, the shift does not run on that day, or the
    grid does not hold then; each with the reason.
    """
    wanted = Wanted(day, shift, grid_for(actor, grid_code), supervisor_for(actor, username))
    book(actor, [wanted])
    return Assignment.objects.get(day=day, shift=shift, duty_grid=wanted.grid, supervisor=wanted.supervisor)


@transaction.atomic
def book(actor: User, wanted: Sequence[Wanted], *, action: str = "roster.plan") -> Planned:
    """Put entries on the roster, all or none; entries that are there already are left alone. Raises InvalidInput."""
    if len(wanted) > MOST_ENTRIES:
        told = _("一次最多排 %(most)s 条,本次 %(count)s 条;请缩短日期范围。") % {
            "most": MOST_ENTRIES,
            "count": len(wanted),
        }
        raise field_fault("", "too_many", told)
    people = sorted({entry.supervisor.pk for entry in wanted})
    list(User.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=people).order_by("pk"))
    days = [entry.day for entry in wanted]
    present = _present(days, people)
    known = {(entry.day, entry.shift_id, entry.duty_grid_id, entry.supervisor_id) for entry in present}
    fresh = list(
        {
            key: entry
            for entry in wanted
            if (key := (entry.day, entry.shift.pk, entry.grid.pk, entry.supervisor.pk)) not in known
        }.values()
    )
    if faults := _faults(fresh, present):
        raise _refusal(faults)
    made = Assignment.objects.bulk_create(_entry(entry) for entry in fresh)
    if made:
        audit.record(
            action,
            kind="Assignment",
            key=f"{min(days)}/{max(days)}",
            division_code=actor.division_code,
            after={
                "entries": len(made),
                "grids": sorted({entry.grid.grid_code for entry in fresh}),
                "first": _said(fresh[0]),
            },
        )
    return Planned(len(made), len(wanted) - len(made))


def _present(days: Sequence[dt.date], people: Sequence[int]) -> list[Assignment]:
    """What these people have around these days: a shift may reach into the next."""
    if not days:
        return []
    around = (min(days) - dt.timedelta(days=1), max(days) + dt.timedelta(days=1))
    rows = Assignment.objects.filter(day__range=around, on_duty__in=people)
    return list(rows.select_related("shift", "duty_grid").defer("duty_grid__geom", "duty_grid__unit_grids"))


def _window(entry: Wanted) -> tuple[dt.datetime, dt.datetime]:
    return window_of(entry.shift.hours, entry.day, timezone.get_default_timezone())


def _entry(entry: Wanted) -> Assignment:
    start, end = _window(entry)
    return Assignment(
        day=entry.day,
        shift=entry.shift,
        duty_grid=entry.grid,
        supervisor=entry.supervisor,
        on_duty=entry.supervisor,
        starts_at=start,
        ends_at=end,
    )


def _said(entry: Wanted) -> str:
    return f"{entry.day} {entry.shift} {entry.grid.name} {entry.supervisor}"


def _faults(fresh: Sequence[Wanted], present: Sequence[Assignment]) -> list[tuple[int, str]]:
    """(line, reason) of everything that cannot be."""
    calendar, now = current_desk().calendar, timezone.now()
    found = [(entry.line, told) for entry in fresh if (told := _fault(entry, calendar, now))]
    bookings = {Booking(entry.supervisor.pk, *_window(entry)): entry for entry in fresh}
    known = {Booking(entry.on_duty_id, entry.starts_at, entry.ends_at): entry for entry in present}
    asked = [Booking(entry.supervisor.pk, *_window(entry)) for entry in fresh]
    for one, other in collisions(asked, known):
        entry, there = bookings[one], known.get(other) or bookings[other]
        place = there.duty_grid.name if isinstance(there, Assignment) else there.grid.name
        told = _("%(entry)s:此人同一时间已排在“%(place)s”(%(shift)s)。请改派他人,或先撤下那一条。") % {
            "entry": _said(entry),
            "place": place,
            "shift": there.shift,
        }
        found.append((entry.line, told))
    return found


def _fault(entry: Wanted, calendar: WorkCalendar, now: dt.datetime) -> str:
    if _window(entry)[1] <= now:
        return _("%s:班次已经结束,不能补排。") % _said(entry)
    if not entry.shift.is_active:
        return _("%s:班次已停用。") % _said(entry)
    if not runs_on(entry.shift.hours, entry.day, is_workday=calendar.is_workday(entry.day)):
        return _("%s:该班次当天不开班,请看班次的适用日和工作日历。") % _said(entry)
    if not entry.grid.holds_on(entry.day):
        return _("%s:责任网格当天不在启用期内。") % _said(entry)
    if not entry.grid.division_code.startswith(entry.supervisor.scope_prefix):
        return _("%s:此人负责的区划不包含该网格。") % _said(entry)
    return ""


def _refusal(faults: Sequence[tuple[int, str]]) -> InvalidInput:
    listed = [
        {"field": f"row {line}" if line else "", "code": "roster", "detail": told} for line, told in faults[:TOLD]
    ]
    told = faults[0][1] if len(faults) == 1 else _("有 %s 处不能排,未保存任何一条。") % len(faults)
    return InvalidInput(told, errors=listed, faults=len(faults))


@dataclass(frozen=True)
class Week:
    """A person's repeating week in a responsibility grid."""

    grid_code: str
    shift: Shift
    username: str
    weekdays: str
    """Digits 1 (Monday) to 7."""
    first: dt.date
    last: dt.date


def plan_weeks(actor: User, week: Week) -> Planned:
    """Plan a range of days by a repeating week; days on which the shift does not run are left out.

    Raises InvalidInput, with every collision, and then changes nothing.
    """
    if not week.weekdays or week.last < week.first or (week.last - week.first).days > 366:
        raise field_fault("last", "range", _("请选择每周的哪几天,以及不超过一年的起止日期。"))
    grid, person = grid_for(actor, week.grid_code), supervisor_for(actor, week.username)
    calendar, now = current_desk().calendar, timezone.now()
    days = [week.first + dt.timedelta(days=number) for number in range((week.last - week.first).days + 1)]
    wanted = [
        entry
        for day in days
        if str(day.isoweekday()) in week.weekdays
        and runs_on(week.shift.hours, day, is_workday=calendar.is_workday(day))
        and _window(entry := Wanted(day, week.shift, grid, person))[1] > now
    ]
    if not wanted:
        raise field_fault("weekdays", "none", _("这段日期内没有符合条件的班次。"))
    return book(actor, wanted)


def copy_week(actor: User, *, monday: dt.date, first: dt.date, last: dt.date) -> Planned:
    """Repeat one week of the whole roster (of what the actor plans) over a range of days.

    Substitutes are not repeated: the week is copied as it was planned. Raises InvalidInput.
    """
    monday -= dt.timedelta(days=monday.weekday())
    if last < first or (last - first).days > 62:
        raise field_fault("last", "range", _("请选择不超过两个月的起止日期。"))
    rows = Assignment.objects.workable_by(actor).filter(day__range=(monday, monday + dt.timedelta(days=6)))
    pattern: dict[int, list[Assignment]] = {}
    for row in rows.select_related("shift", "duty_grid", "supervisor").defer("duty_grid__geom"):
        pattern.setdefault(row.day.weekday(), []).append(row)
    if not pattern:
        raise field_fault("monday", "empty", _("%s 所在的一周没有排班,无可复制。") % monday)
    calendar, now = current_desk().calendar, timezone.now()
    wanted = [
        entry
        for day in (first + dt.timedelta(days=number) for number in range((last - first).days + 1))
        for row in pattern.get(day.weekday(), ())
        if row.shift.is_active
        and row.duty_grid.holds_on(day)
        and runs_on(row.shift.hours, day, is_workday=calendar.is_workday(day))
        and _window(entry := Wanted(day, row.shift, row.duty_grid, row.supervisor))[1] > now
    ]
    return book(actor, wanted, action="roster.copy")


def _locked(actor: User, pk: int) -> Assignment:
    found: Assignment | None = (
        Assignment.objects.workable_by(actor)
        .select_for_update(of=("self",))
        .select_related("shift", "duty_grid", "supervisor")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise NotThere
    if found.ends_at <= timezone.now():
        raise Refused(_("班次已经结束,排班不能再改。"))
    return found


def _audit_entry(action: str, entry: Assignment, reason: str, **changes: Any) -> None:
    audit.record(
        action,
        kind="Assignment",
        key=f"{entry.day} {entry.shift} {entry.duty_grid.grid_code}",
        division_code=entry.duty_grid.division_code,
        reason=reason,
        **changes,
    )


@transaction.atomic
def substitute(actor: User, pk: int, *, username: str, reason: str) -> Assignment:
    """Let somebody stand in for who was planned; an empty name takes the substitution back.

    Raises NotThere, Refused for a shift that is over, InvalidInput without a reason or where the substitute is booked.
    """
    entry = _locked(actor, pk)
    person = supervisor_for(actor, username) if username else None
    if person is not None and not reason.strip():
        raise field_fault("reason", "required", _("请写明替班原因。"))
    if person is not None and person.pk == entry.supervisor_id:
        raise field_fault("substitute", "same", _("替班人与原监督员相同。"))
    comes = person or entry.supervisor
    list(User.objects.select_for_update(of=("self",), no_key=True).filter(pk=comes.pk))
    others = [other for other in _present([entry.day], [comes.pk]) if other.pk != entry.pk]
    wanted = Wanted(entry.day, entry.shift, entry.duty_grid, comes)
    asked = Booking(comes.pk, entry.starts_at, entry.ends_at)
    for other in others:
        if collisions([asked], [Booking(comes.pk, other.starts_at, other.ends_at)]):
            told = _("%(entry)s:此人同一时间已排在“%(place)s”(%(shift)s)。请改派他人,或先撤下那一条。")
            place = {"entry": _said(wanted), "place": other.duty_grid.name, "shift": other.shift}
            raise field_fault("substitute", "booked", told % place)
    if not entry.duty_grid.division_code.startswith(comes.scope_prefix):
        raise field_fault("substitute", "scope", _("%s:此人负责的区划不包含该网格。") % _said(wanted))
    before = {"on_duty": entry.on_duty_id}
    entry.substitute, entry.on_duty = person, comes
    entry.substitute_reason = reason.strip()[:200] if person else ""
    entry.save(update_fields=["substitute", "on_duty", "substitute_reason"])
    _audit_entry("roster.substitute", entry, reason.strip(), before=before, after={"on_duty": comes.pk})
    return entry


@transaction.atomic
def unassign(actor: User, pk: int, *, reason: str) -> None:
    """Take an entry off the roster. Raises NotThere, Refused once the shift is over, InvalidInput without a reason."""
    entry = _locked(actor, pk)
    if not reason.strip():
        raise field_fault("reason", "required", _("请写明撤下原因。"))
    _audit_entry("roster.remove", entry, reason.strip(), before={"supervisor": entry.supervisor_id})
    entry.delete()
