"""The base counts 基数 (domain notes §6.1): their codes, and how each is counted. What a code counts is said once here,
in words for people in ``selectors.words``, and as a condition of the database in ``selectors.conditions``.

Three kinds. A *case* counts once by a moment of its own. An *act* is one step of a case, counted when it was done; in
time where it was done before the limit of the stage it left, the deadline of the latest earlier step that has one. A
*task* is given by one step and answered by a later one; it counts in the period in which it was given.
"""

from dataclasses import dataclass
from enum import StrEnum


class Target(StrEnum):
    """What is evaluated 评价对象 (CL_PERFTARGET): never a single person (decision 0114)."""

    AREA = "1"
    DEPARTMENT = "2"
    POST = "3"


SLUGS = {Target.AREA: "area", Target.DEPARTMENT: "department", Target.POST: "post"}
"""Target → its word in addresses and formula sets."""

PATROL_SOURCES = ("01", "11")
PUBLIC_SOURCES = ("02", "03")
"""Sources (CL_CASESRC) of collectors and of the public."""
REPEAT_DAYS = 30
REPEAT_METRES = 50
"""A case repeats another of its class that was reported so few days before it, so near."""

CASE_COUNTS: tuple[str, ...] = (
    "report_num",
    "patrol_report_num",
    "public_report_num",
    "valid_report_num",
    "reject_num",
    "register_num",
    "public_verified_num",
    "void_num",
    "need_dispose_num",
    "dispose_num",
    "intime_dispose_num",
    "overtime_to_dispose_num",
    "disposed_num",
    "rework_num",
    "postpone_num",
    "need_close_num",
    "need_close_timed_num",
    "close_num",
    "intime_close_num",
    "hang_num",
    "closed_in_num",
    "force_close_num",
    "self_num",
    "repeat_num",
    "rated_num",
    "satisfied_num",
    "handled_num",
    "handling_seconds",
)


@dataclass(frozen=True)
class Act:
    """One kind of step that is counted: by its actions (CL_ACTION)."""

    actions: tuple[str, ...]
    timed: bool = False
    """Only those that had a limit: without one nobody can tell whether they were in time."""
    in_time: bool = False
    """Only those before the limit of the stage they left."""
    filed: bool = False
    """Only those of cases that were filed."""
    void: bool = False
    """Only those of cases that are void now."""


ACT_COUNTS: dict[str, Act] = {
    "report_act_num": Act(("01",)),
    "valid_report_act_num": Act(("01",), filed=True),
    "accept_act_num": Act(("04",)),
    "register_act_num": Act(("05",)),
    "timed_register_num": Act(("05",), timed=True),
    "intime_register_num": Act(("05",), in_time=True),
    "void_register_num": Act(("05",), void=True),
    "send_verify_num": Act(("02",)),
    "timed_send_verify_num": Act(("02",), timed=True),
    "intime_send_verify_num": Act(("02",), in_time=True),
    "send_check_num": Act(("17",)),
    "timed_send_check_num": Act(("17",), timed=True),
    "intime_send_check_num": Act(("17",), in_time=True),
    "dispatch_act_num": Act(("07", "08")),
    "redispatch_num": Act(("08",)),
    "close_act_num": Act(("20",)),
    "timed_close_act_num": Act(("20",), timed=True),
    "intime_close_act_num": Act(("20",), in_time=True),
    "return_num": Act(("11",)),
    "refused_return_num": Act(("33",)),
    "delay_num": Act(("13",)),
    "delay_hours": Act(("13",)),
    "urge_num": Act(("22",)),
    "supervise_num": Act(("21",)),
    "reopen_num": Act(("44",)),
}
"""``delay_hours`` is the sum of what the approvals added, in hours; its list is that of the approvals."""


@dataclass(frozen=True)
class Task:
    """A task of a desk: what gives it (with a deadline), what answers it, and whose it is (CL_ROLE)."""

    given: tuple[str, ...]
    answered: tuple[str, ...]
    role: str


TASKS: dict[str, Task] = {
    "accept": Task(("01", "28"), ("02", "04", "06", "27"), "02"),
    "verify": Task(("02",), ("03", "26"), "01"),
    "dispatch": Task(("05", "11"), ("07", "08"), "04"),
    "check": Task(("17",), ("18", "19"), "01"),
}
TASK_COUNTS: dict[str, tuple[str, str]] = {
    code: (task, state)
    for task in TASKS
    for code, state in (
        (f"need_{task}_num", "given"),
        (f"{task}_num", "answered"),
        (f"intime_{task}_num", "in_time"),
    )
}
"""Code → (task, which of the given ones)."""
GROUND_COUNTS: tuple[str, ...] = ("unit_grid_num",)
"""Counted on the ground, not in cases: unit grids in force; of areas only, and with no list of cases behind it."""
POSTS = ("01", "02", "03", "04")
"""Posts that are evaluated (CL_ROLE): collector, acceptor, duty leader, dispatcher."""
SUMS = ("handling_seconds", "delay_hours")
"""Sums instead of counts; the list behind one is what it was summed over."""
COUNTS: tuple[str, ...] = (*CASE_COUNTS, *ACT_COUNTS, *TASK_COUNTS, *GROUND_COUNTS)


def is_case_count(code: str) -> bool:
    """Whether a code counts cases; otherwise steps (or ground)."""
    return code in CASE_COUNTS
