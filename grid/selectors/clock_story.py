"""The whole story of the disposal clock of a case: from its dispatch to its deadline, step by step 怎样算出来的."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cityops.accounts.models import User
from grid.models import Case, CaseStep, DeadlineRecount
from grid.rules.clock import CalendarWithoutHours, WorkCalendar
from grid.rules.runs import LineKind, Run, RunLine, RunStep, disposed_at, explain_run, run_of
from grid.selectors.calendar import current_desk
from grid.selectors.cases import get_case

KINDS: dict[LineKind, str | Promise] = {
    LineKind.COUNTED: gettext_lazy("计入"),
    LineKind.PAUSED: gettext_lazy("暂停"),
    LineKind.DELAYED: gettext_lazy("延期"),
    LineKind.IGNORED: gettext_lazy("暂停(已超期，不计)"),
}
PAUSES: dict[str, str | Promise] = {
    "32": gettext_lazy("申请回退"),
    "11": gettext_lazy("回退"),
    "15": gettext_lazy("缓办"),
}
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class StoryLine:
    """A line of the story with its words."""

    line: RunLine
    word: str

    @property
    def hours(self) -> str:
        """The hours that were counted: 08:00–12:00 14:00–18:00; where they end on another day, with that day."""
        return " ".join(
            f"{opens:%H:%M}–" + (f"{closes:%H:%M}" if closes.date() == opens.date() else f"{closes:%m-%d %H:%M}")
            for opens, closes in self.line.spans
        )


@dataclass(frozen=True)
class ClockStory:
    """How the disposal deadline of a case comes about, and how it stands at a moment."""

    case: Case
    at: datetime
    run: Run | None
    """None where no disposal clock has begun, or where the steps do not tell."""
    lines: tuple[StoryLine, ...]
    due: datetime | None
    """As counted here; None while the clock stands still."""
    used: timedelta
    left: timedelta
    is_finished: bool
    """The disposal was fed back, or the case is closed: ``used`` is what it took."""
    recounts: tuple[DeadlineRecount, ...]
    note: str
    """Why nothing can be told, or why the deadline on record is another than the one counted here; else empty."""

    @property
    def is_paused(self) -> bool:
        """Whether the clock stands still."""
        return self.run is not None and self.run.paused_since is not None and self.due is None

    @property
    def agrees(self) -> bool:
        """Whether the deadline on record is the one counted here."""
        return self.run is not None and not self.note


def explain_case(case: Case, steps: Iterable[CaseStep], at: datetime | None = None) -> ClockStory:
    """The story of the disposal clock of a case, from its steps; one query (for deadlines that were counted anew)."""
    at = at or timezone.now()
    calendar = current_desk().calendar
    recounts = tuple(case.recounts.order_by("id"))
    walk = [RunStep(step.action, step.operated_at, step.deadline, _why(step)) for step in steps]
    none = ClockStory(case, at, None, (), None, timedelta(), timedelta(), not case.is_open, recounts, "")
    if case.limit_value is None or not case.limit_unit:
        return _silent(none, _("没有处置时限。"))
    try:
        return _told(none, run_of(walk, case.limit_value, case.limit_unit, calendar), walk, calendar)
    except CalendarWithoutHours:
        return _silent(none, _("日历里没有工作时段，无法计算工作时限。"))


def case_story(user: User, case_no: str, at: datetime | None = None) -> ClockStory:
    """The story of a case that the person may see. Raises NotThere."""
    case = get_case(user, case_no)
    return explain_case(case, case.steps.order_by("seq"), at)


def _silent(story: ClockStory, note: str) -> ClockStory:
    return ClockStory(**{**vars(story), "note": note})


def _why(step: CaseStep) -> str:
    """What stopped the clock, and the words that were given with it."""
    return "：".join(part for part in (str(PAUSES.get(step.action, "")), step.opinion) if part)


def _told(story: ClockStory, run: Run | None, walk: list[RunStep], calendar: WorkCalendar) -> ClockStory:
    if run is None:
        told = _("派遣后起算。") if story.case.is_open else _("没有派遣记录，处置时限没有起算。")
        return _silent(story, told)
    done = disposed_at(walk) or story.case.closed_at
    until = done or story.at
    lines = tuple(StoryLine(line, str(KINDS[line.kind])) for line in explain_run(run, calendar))
    return ClockStory(
        case=story.case,
        at=story.at,
        run=run,
        lines=lines,
        due=run.due(calendar),
        used=run.used(until, calendar),
        left=run.left(until, calendar),
        is_finished=done is not None,
        recounts=story.recounts,
        note=_difference(story.case, run.due_if_running(calendar)),
    )


def _difference(case: Case, counted: datetime) -> str:
    """Why the deadline on record is another one; empty where it is the same."""
    recorded = case.dispose_deadline
    if recorded is not None and abs(recorded - counted) < SECOND:
        return ""
    told = _("没有记录") if recorded is None else f"{timezone.localtime(recorded):%Y-%m-%d %H:%M}"
    return _(
        "记录的截止时间为 %(recorded)s，按现行日历算得 %(counted)s。"
        "前者在日历变更前已定，或由其他系统、其他平台记录；以记录的为准。"
    ) % {"recorded": told, "counted": f"{timezone.localtime(counted):%Y-%m-%d %H:%M}"}
