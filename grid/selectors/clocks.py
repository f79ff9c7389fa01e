"""What is left of a case's limit, counted as the limit itself is counted, and with which calendar."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.foundation.words import HOURS_PER_DAY, left_words
from grid.models import Case
from grid.models.cases import HANDLING_STATES
from grid.rules.clock import HOURS_PER_WORK_DAY, WORKING_UNITS, used_between
from grid.rules.stages import Stage
from grid.rules.transitions import LIMIT_OF_STAGE
from grid.selectors.calendar import current_desk
from tiers.tier import Tier, this_instance


@dataclass(frozen=True)
class Left:
    """What is left of a limit at a moment, or by how much it is exceeded."""

    due: datetime
    seconds: float
    """Negative beyond the limit; working time where the limit runs in working time."""
    is_worked: bool

    @property
    def words(self) -> str:
        """In words: 剩 1 时 20 分, 超 2 工作日 3 时."""
        return left_words(self.seconds, hours_per_day=HOURS_PER_WORK_DAY if self.is_worked else HOURS_PER_DAY)

    @property
    def basis(self) -> str:
        """The due moment, and the calendar that counts."""
        local = timezone.localtime(self.due)
        due = _("截止 %(due)s") % {"due": f"{local:%Y-%m-%d %H:%M}"}
        counted = _calendar_words(self.due) if self.is_worked else _("按自然时间连续计")
        return f"{due} · {counted}"


def left_of(due: datetime, at: datetime, unit: str = "") -> Left:
    """What is left at ``at`` of a limit that was set in ``unit`` and ends at ``due``; without a unit natural time."""
    if unit not in WORKING_UNITS:
        return Left(due, (due - at).total_seconds(), is_worked=False)
    earlier, later = sorted((due, at))
    length = used_between(earlier, later, unit, current_desk().calendar).total_seconds()
    return Left(due, length if due >= at else -max(length, 1.0), is_worked=True)


def left_now(case: Case, at: datetime) -> Left | None:
    """What is left of the limit of the case's present stage; None where no clock runs."""
    due = case.due_at
    return None if due is None or not case.is_open or case.is_paused else left_of(due, at, unit_now(case))


def unit_now(case: Case) -> str:
    """The unit of the limit that runs at the case's present stage; empty where it is not known."""
    if case.state in HANDLING_STATES or case.stage_due_at is None:
        return case.limit_unit
    name = LIMIT_OF_STAGE.get(Stage(case.state), "")
    return current_desk().for_area(case.deadline_class).limit_of(name)[1] if name else case.limit_unit


def _calendar_words(due: datetime) -> str:
    """Whose calendar counts, and whether an official notice holds in the year of the deadline."""
    calendar = current_desk().calendar
    local = timezone.localtime(due)
    if this_instance().tier is Tier.MUNICIPAL:
        whose = _("按本市工作日历计有效工时")
    else:
        whose = _("按本级工作日历计有效工时，城市自己的调整不在其中")
    known = _("%(year)s 年有官方放假通知"), _("%(year)s 年尚无官方放假通知，暂按周末计")
    notice = known[0] if calendar.is_official(local.date()) else known[1]
    return f"{whose} · {notice % {'year': local.year}}"
