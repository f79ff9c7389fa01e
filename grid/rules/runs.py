"""One limit on its way: started, paused, resumed, lengthened; how much is used, when it ends, and how that is counted.

Built on ``grid.rules.clock``. What a pause or a delay does is said once there (``resumed_due``, ``delayed_due``) and
folded here in the order in which it happened: a pause when it ended, a delay when it was approved.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from grid.rules.clock import (
    WORKING_UNITS,
    Unit,
    WorkCalendar,
    add_length,
    add_limit,
    delayed_due,
    limit_length,
    resumed_due,
    shared,
    spans_between,
    used_between,
)

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Pause:
    """A time in which a limit does not run 暂停; without ``ends_at`` it lasts."""

    starts_at: datetime
    ends_at: datetime | None = None
    why: str = ""


@dataclass(frozen=True)
class Delay:
    """More time that was approved 延期: ``value`` in ``unit``."""

    at: datetime
    value: Decimal
    unit: str
    why: str = ""


class LineKind(StrEnum):
    """What a line of an explanation tells."""

    COUNTED = "counted"
    PAUSED = "paused"
    DELAYED = "delayed"
    IGNORED = "ignored"
    """A pause that began when the limit was used up already."""


@dataclass(frozen=True)
class RunLine:
    """One line of an explanation, times in the calendar's zone."""

    kind: LineKind
    day: date
    starts_at: datetime
    ends_at: datetime | None
    """None for a pause that lasts."""
    spans: tuple[tuple[datetime, datetime], ...]
    """The hours of the day that were counted."""
    counted: timedelta
    """What was counted, or what a delay added."""
    left: timedelta
    is_official: bool
    """False where the year has no official notice yet, so that weekends decide."""
    why: str = ""


@dataclass(frozen=True)
class Run:
    """A limit of ``value`` in ``unit`` that started to run, with what happened to it since, oldest first."""

    started_at: datetime
    value: Decimal
    unit: str
    pauses: tuple[Pause, ...] = ()
    delays: tuple[Delay, ...] = ()

    @property
    def is_worked(self) -> bool:
        """Whether only working time counts."""
        return Unit(self.unit) in WORKING_UNITS

    @property
    def length(self) -> timedelta:
        """The limit with all delays: what shares are taken of."""
        more = (limit_length(delay.value, delay.unit) for delay in self.delays)
        return sum(more, limit_length(self.value, self.unit))

    @property
    def paused_since(self) -> datetime | None:
        """Since when it stands still; None where it runs."""
        return next((pause.starts_at for pause in self.pauses if pause.ends_at is None), None)

    def due_if_running(self, calendar: WorkCalendar) -> datetime:
        """When it is used up, as if a pause that lasts had not begun: what is on record while it pauses."""
        return self._folded(calendar)[0]

    def due(self, calendar: WorkCalendar) -> datetime | None:
        """When it is used up; None while it stands still and is not used up."""
        due, counted = self._folded(calendar)
        return None if any(pause.ends_at is None for pause in counted) else due

    def used(self, at: datetime, calendar: WorkCalendar) -> timedelta:
        """How much is used at a moment, beyond the limit too; pauses left out."""
        total = used_between(self.started_at, at, self.unit, calendar)
        for pause in self._folded(calendar)[1]:
            total -= used_between(pause.starts_at, min(pause.ends_at or at, at), self.unit, calendar)
        return total

    def left(self, at: datetime, calendar: WorkCalendar) -> timedelta:
        """What is left at a moment; negative beyond the limit."""
        return self.length - self.used(at, calendar)

    def share(self, at: datetime, calendar: WorkCalendar) -> Fraction:
        """Used share at a moment, of the limit with its delays; a limit of nothing is used up at once."""
        return Fraction(self.used(at, calendar) // _TICK, self.length // _TICK) if self.length else Fraction(1)

    def warn_at(self, calendar: WorkCalendar) -> datetime:
        """The last green moment: the yellow share of the limit, delays included, is used; as if no pause lasted."""
        warn = add_length(
            self.started_at, shared(self.length, calendar.yellow_share), calendar, is_worked=self.is_worked
        )
        for pause in self._folded(calendar)[1]:
            if pause.ends_at is not None:
                warn = resumed_due(warn, pause.starts_at, pause.ends_at, self.unit, calendar)
        return warn

    def _events(self) -> list[Pause | Delay]:
        """What happened, in order: a pause stands where it ended, one that lasts at the end."""
        events: list[tuple[datetime, Pause | Delay]] = [(delay.at, delay) for delay in self.delays]
        events += [(pause.ends_at, pause) for pause in self.pauses if pause.ends_at is not None]
        lasting = [pause for pause in self.pauses if pause.ends_at is None]
        return [event for _at, event in sorted(events, key=lambda one: one[0])] + lasting

    def _folded(self, calendar: WorkCalendar) -> tuple[datetime, list[Pause]]:
        """The deadline as if no pause lasted, and the pauses that began before the limit was used up."""
        due, counted = add_limit(self.started_at, self.value, self.unit, calendar), []
        for event in self._events():
            if isinstance(event, Delay):
                due = delayed_due(due, event.value, event.unit, calendar)
            elif event.starts_at < due:
                counted.append(event)
                if event.ends_at is not None:
                    due = resumed_due(due, event.starts_at, event.ends_at, self.unit, calendar)
        return due, counted


@dataclass(frozen=True)
class RunStep:
    """What a run reads of a step of a case: its code (CL_ACTION), its moment, the deadline that was given with it."""

    action: str
    at: datetime
    deadline: datetime | None = None
    why: str = ""


DISPATCHED, DISPATCHED_AGAIN, DELAYED = "07", "08", "13"
PAUSING = {"32": "return", "11": "return", "15": "suspension"}
"""Steps that stop the disposal clock: a return that is applied for or done, an approved suspension."""
RESUMING = frozenset({"33", "16"})
WITHDRAWN = "46"
"""Taken back: only a return had stopped the clock."""
DISPOSED = "10"
REWORKED = frozenset({"19", "36"})


def run_of(steps: Iterable[RunStep], value: Decimal, unit: str, calendar: WorkCalendar) -> Run | None:
    """The disposal clock of a case from its steps, oldest first; None before the first dispatch.

    A second dispatch goes on with what was left (the same department) or begins anew (another one). The steps do not
    say which department it was; the deadline that was given with the dispatch does.
    """
    run: Run | None = None
    cause = ""
    for step in steps:
        if step.action == DISPATCHED:
            run = Run(step.at, value, unit)
        elif run is None:
            continue
        elif step.action == DISPATCHED_AGAIN:
            run = _dispatched_again(run, step, calendar)
        elif step.action in PAUSING and run.paused_since is None:
            run, cause = replace(run, pauses=(*run.pauses, Pause(step.at, None, step.why))), PAUSING[step.action]
        elif step.action in RESUMING or (step.action == WITHDRAWN and cause == "return"):
            run = _resumed(run, step.at)
        elif step.action == DELAYED:
            run = replace(run, delays=(*run.delays, Delay(step.at, value, unit, step.why)))
    return run


def disposed_at(steps: Iterable[RunStep]) -> datetime | None:
    """When the disposal was fed back, unless it was sent back for rework since."""
    done: datetime | None = None
    for step in steps:
        if step.action == DISPOSED:
            done = step.at
        elif step.action in REWORKED or step.action in (DISPATCHED, DISPATCHED_AGAIN):
            done = None
    return done


def _resumed(run: Run, at: datetime) -> Run:
    return replace(
        run, pauses=tuple(replace(pause, ends_at=at) if pause.ends_at is None else pause for pause in run.pauses)
    )


def _dispatched_again(run: Run, step: RunStep, calendar: WorkCalendar) -> Run:
    onward, anew = _resumed(run, step.at), Run(step.at, run.value, run.unit)
    if step.deadline is None:
        return anew
    given = step.deadline
    return min((onward, anew), key=lambda one: abs(one.due_if_running(calendar) - given))


def explain_run(run: Run, calendar: WorkCalendar) -> list[RunLine]:
    """How ``Run.due`` comes to its result: a line per counted day, per pause, per delay, in the order of their times.

    A limit in natural time has one line from its start (or from a resumption) to its end. The last counted line ends
    at ``Run.due``; a pause that lasts is the last line.
    """
    teller = _Teller(run, calendar)
    events = run._events()
    for number, event in enumerate(events):
        if isinstance(event, Delay):
            coming = [one.starts_at for one in events[number:] if isinstance(one, Pause)]
            teller.count_to(min([event.at, *coming]))
            teller.delay(event)
        else:
            teller.count_to(event.starts_at)
            teller.pause(event)
    if not teller.stands:
        teller.count_to(None)
    return teller.lines


class _Teller:
    """Counts a run from its start and writes down what it counts."""

    def __init__(self, run: Run, calendar: WorkCalendar) -> None:
        self.run, self.calendar = run, calendar
        self.at, self.left = run.started_at, limit_length(run.value, run.unit)
        self.lines: list[RunLine] = []
        self.stands = False

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self.calendar.zone)

    def count_to(self, end: datetime | None) -> None:
        """Count until ``end`` or until nothing is left."""
        due = add_length(self.at, self.left, self.calendar, is_worked=self.run.is_worked)
        end = due if end is None else min(due, end)
        if end <= self.at or not self.left:
            return
        for spans in self._days(self.at, end):
            counted = sum((closes - opens for opens, closes in spans), timedelta())
            self.left -= counted
            local = tuple((self._local(opens), self._local(closes)) for opens, closes in spans)
            self._write(LineKind.COUNTED, local[0][0], local[-1][1], counted, spans=local)
        self.at = end

    def _days(self, start: datetime, end: datetime) -> Iterator[tuple[tuple[datetime, datetime], ...]]:
        if not self.run.is_worked:
            yield ((start, end),)
            return
        day: date | None = None
        found: list[tuple[datetime, datetime]] = []
        for local_day, opens, closes in spans_between(start, end, self.calendar):
            if local_day != day and found:
                yield tuple(found)
                found = []
            day = local_day
            found.append((opens, closes))
        if found:
            yield tuple(found)

    def pause(self, pause: Pause) -> None:
        """Stand still from where the counting stopped; beyond the limit a pause does nothing."""
        ignored = not self.left
        kind = LineKind.IGNORED if ignored else LineKind.PAUSED
        ends_at = pause.ends_at and self._local(pause.ends_at)
        self._write(kind, self._local(pause.starts_at), ends_at, timedelta(), why=pause.why)
        if ignored:
            return
        if pause.ends_at is None:
            self.stands = True
        else:
            self.at = max(pause.ends_at, pause.starts_at)

    def delay(self, delay: Delay) -> None:
        """More of the limit is left."""
        more = limit_length(delay.value, delay.unit)
        self.left += more
        self._write(LineKind.DELAYED, self._local(delay.at), self._local(delay.at), more, why=delay.why)

    def _write(
        self,
        kind: LineKind,
        starts_at: datetime,
        ends_at: datetime | None,
        counted: timedelta,
        *,
        spans: tuple[tuple[datetime, datetime], ...] = (),
        why: str = "",
    ) -> None:
        day = starts_at.date()
        official = not self.run.is_worked or self.calendar.is_official(day)
        self.lines.append(RunLine(kind, day, starts_at, ends_at, spans, counted, self.left, official, why))
