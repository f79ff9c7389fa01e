"""A workflow 流程: what a city decides about the loop, as versioned data on top of the table of moves.

A definition is a JSON object that says what differs from ``DEFAULTS``; it is parsed once, checked as a whole, and a
running case stays on the version it was filed under. ``problems`` is the model check: no dead state, no way round
without a clock, no duty that judges itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from grid.rules.stages import FINAL_STAGES, OPEN_STAGES, Stage
from grid.rules.transitions import DECIDERS, MOVES, UNDECIDED, Action, Move, Pending

SHIPPED = "cityops-2026.1"
"""Code of the definition that comes with the product: a local sample, not a national standard."""
SPINE = frozenset(
    {
        Action.REPORT,
        Action.ACCEPT,
        Action.FILE,
        Action.DISPATCH,
        Action.SIGN,
        Action.FEED_BACK,
        Action.SEND_CHECK,
        Action.PASS_CHECK,
        Action.CLOSE,
    }
)
"""The seven links; no city may switch one of these off."""
DEFAULTS: dict[str, Any] = {
    "off": [],
    "two_level": False,
    "approvals": {
        "return": [["dispatcher"]],
        "delay": [["dispatcher", "duty_leader"]],
        "second_delay": [["leader"]],
        "suspension": [["dispatcher", "duty_leader"], ["leader"]],
        "void": [["duty_leader"]],
        "appeal": [["dispatcher"], ["acceptor", "duty_leader"]],
    },
    "most_delays": 2,
    "most_suspensions": 1,
    "longest_suspension_days": 365,
    "rework_clock": "continues",
    "appeal_days": 30,
    "explain_after_return": True,
    "photos": {"feed_back": 1, "verify_true": 1, "pass_check": 1, "fail_check": 1},
    "report_photos": 1,
    "self_handle_photos": {"self_before": 1, "self_after": 1},
    "self_handle_classes": ["06", "07"],
    "merge_metres": 100,
    "merge_hours": 72,
    "forced_is": "overdue",
}
"""The shipped definition. ``approvals``: kind of application → levels, each the roles that may decide there.
``photos``: action → photos that must come with it; ``report_photos``: with a collector's report.
``self_handle_classes``: beginnings of the class codes of small matters. ``forced_is``: overdue or excluded in figures.
"""
NUMBERS = ("most_delays", "most_suspensions", "longest_suspension_days", "appeal_days", "report_photos")
REACHES = ("merge_metres", "merge_hours")
CHOICES = {"rework_clock": ("continues", "restarts"), "forced_is": ("overdue", "excluded")}
SWITCHES = ("two_level", "explain_after_return")


class WorkflowFault(ValueError):
    """A definition is not one; ``faults`` are (place, what is wrong and how to mend it)."""

    def __init__(self, faults: Iterable[tuple[str, str]]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{place}: {text}" for place, text in self.faults))


@dataclass(frozen=True)
class Workflow:
    """One version of the loop, ready to be asked."""

    code: str
    given: Mapping[str, Any]
    """The whole definition, defaults filled in."""

    @cached_property
    def moves(self) -> dict[Action, Move]:
        """The table of moves of this version."""
        off = set(self.given["off"]) | (set() if self.is_two_level else {Action.ASSIGN_DISTRICT.value})
        return {action: move for action, move in MOVES.items() if action.value not in off}

    @property
    def is_two_level(self) -> bool:
        """Whether the city hands filed cases to a district centre, which dispatches; the city checks again."""
        return bool(self.given["two_level"])

    def moves_from(self, stage: Stage, pending: str = Pending.NONE) -> tuple[Move, ...]:
        """The moves open from a stage and sub-state."""
        return tuple(m for m in self.moves.values() if stage in m.from_stages and pending in m.in_pending)

    def levels(self, kind: str, *, earlier: int = 0) -> tuple[frozenset[str], ...]:
        """The levels that decide an application of a kind; a delay after ``earlier`` granted ones goes higher."""
        approvals = self.given["approvals"]
        name = "second_delay" if kind == Pending.DELAY and earlier and approvals.get("second_delay") else kind
        return tuple(frozenset(level) for level in approvals[name])

    def photos_with(self, action: Action) -> int:
        """How many photos must come with a move."""
        return int(self.given["photos"].get(action.value, 0))

    def may_self_handle(self, class_code: str) -> bool:
        """Whether a class is on the list of small matters that a collector may settle on the spot."""
        return any(class_code.startswith(start) for start in self.given["self_handle_classes"])

    @property
    def checks_needed(self) -> int:
        """How many checks a case must pass: the district's, then the city's, where there are two levels."""
        return 2 if self.is_two_level else 1

    def without_photos(self) -> "Workflow":
        """The same loop asking for no photo: for cases whose pictures nobody took (simulated ones)."""
        bare = {**self.given, "photos": {}, "report_photos": 0, "self_handle_photos": {}}
        return replace(self, given=bare)


def parse_workflow(code: str, definition: Mapping[str, Any]) -> Workflow:
    """A workflow from a definition. Raises WorkflowFault with every fault, and with every problem of the model."""
    faults = list(_faults(definition))
    if faults:
        raise WorkflowFault(faults)
    approvals = {**DEFAULTS["approvals"], **definition.get("approvals", {})}
    workflow = Workflow(code, {**DEFAULTS, **definition, "approvals": approvals})
    if found := problems(workflow):
        raise WorkflowFault(("model", text) for text in found)
    return workflow


def _faults(definition: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name in sorted(set(definition) - set(DEFAULTS)):
        yield name, f"unknown; known are {', '.join(DEFAULTS)}"
    for name in (*NUMBERS, *REACHES):
        value = definition.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100_000:
            yield name, f"{value!r} is not a whole number from 0 to 100000"
    for name in SWITCHES:
        if not isinstance(definition.get(name, False), bool):
            yield name, "write true or false"
    for name, choices in CHOICES.items():
        if definition.get(name, choices[0]) not in choices:
            yield name, f"write one of {', '.join(choices)}"
    yield from _faults_of_off(definition.get("off", []))
    yield from _faults_of_approvals(definition.get("approvals", {}))
    yield from _faults_of_photos(definition)
    classes = definition.get("self_handle_classes", [])
    if not _is_texts(classes) or not all(text.isdigit() for text in classes):
        yield "self_handle_classes", 'a list of beginnings of class codes, as ["06", "07003"]'


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) and text for text in value)


def _faults_of_off(off: Any) -> Iterable[tuple[str, str]]:
    if not _is_texts(off):
        yield "off", "a list of actions"
        return
    for text in off:
        if text not in set(Action):
            yield "off", f"{text!r} is no action; actions are {', '.join(Action)}"
        elif Action(text) in SPINE:
            yield "off", f"{text} is one of the seven links and cannot be switched off"


def _faults_of_approvals(approvals: Any) -> Iterable[tuple[str, str]]:
    if not isinstance(approvals, dict):
        yield "approvals", "an object: kind of application → list of levels"
        return
    for kind, levels in approvals.items():
        place = f"approvals.{kind}"
        if kind not in DEFAULTS["approvals"]:
            yield place, f"unknown; known are {', '.join(DEFAULTS['approvals'])}"
        elif not isinstance(levels, list) or not levels or not all(_is_texts(level) and level for level in levels):
            yield place, 'a list of levels, each a list of roles, as [["dispatcher"], ["leader"]]'
        else:
            for role in sorted({role for level in levels for role in level} - set(DECIDERS)):
                yield place, f"the role {role!r} decides no applications; {', '.join(DECIDERS)} do"


def _faults_of_photos(definition: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, known in (("photos", set(Action)), ("self_handle_photos", {"self_before", "self_after"})):
        asked = definition.get(name, {})
        if not isinstance(asked, dict):
            yield name, "an object: what → number of photos"
            continue
        for key, value in asked.items():
            if key not in known:
                yield f"{name}.{key}", "unknown"
            elif isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 9:
                yield f"{name}.{key}", "a number from 0 to 9"


def problems(workflow: Workflow) -> list[str]:
    """What is wrong with a loop as a whole; empty for a sound one."""
    return [*_dead_ends(workflow), *_unclocked_rings(workflow), *_judges_of_themselves(workflow)]


def _next(workflow: Workflow, stage: Stage) -> set[Stage]:
    return {move.target(stage) for move in workflow.moves.values() if stage in move.from_stages}


def reached(workflow: Workflow) -> set[Stage]:
    """The stages that a report can come to."""
    found: set[Stage] = set()
    waiting = {Stage.REPORTED}
    while waiting:
        found |= waiting
        waiting = {after for stage in waiting for after in _next(workflow, stage)} - found
    return found


WAYS_OUT = frozenset({Action.FORCE_CLOSE, Action.APPROVE_VOID})
"""Exceptions are no way to end: a stage that only they lead out of is dead."""


def _can_end(workflow: Workflow, stage: Stage) -> bool:
    ordinary = replace(workflow, given={**workflow.given, "off": [*workflow.given["off"], *WAYS_OUT]})
    seen: set[Stage] = set()
    waiting = {stage}
    while waiting:
        if waiting & FINAL_STAGES:
            return True
        seen |= waiting
        waiting = {after for before in waiting for after in _next(ordinary, before)} - seen
    return False


def _dead_ends(workflow: Workflow) -> Iterable[str]:
    found = reached(workflow)
    for stage in sorted(found):
        if stage.value in OPEN_STAGES and not _can_end(workflow, stage):
            yield f"a case at stage {stage.value} can never end"
    for kind in sorted(UNDECIDED):
        if any(move.applies == kind for move in workflow.moves.values()):
            decided = [move for move in workflow.moves.values() if move.decides == kind]
            if not any(move.is_agreed for move in decided) or all(move.is_agreed for move in decided):
                yield f"an application for {kind} must be grantable and refusable"
    if any(m.to_stage is Stage.SUSPENDED for m in workflow.moves.values()) and Action.RESUME not in workflow.moves:
        yield "a suspended case could never be resumed"
    if Action.APPROVE_RETURN in workflow.moves and Action.DISPATCH_AGAIN not in workflow.moves:
        yield "a returned case could never be dispatched again"


def _unclocked_rings(workflow: Workflow) -> Iterable[str]:
    """Ways from a stage back to itself on which no limit ever runs."""
    clocked = clocked_stages(workflow)
    for start in sorted(reached(workflow) - clocked - FINAL_STAGES):
        seen: set[Stage] = set()
        waiting = {after for after in _next(workflow, start) if after is not start}
        while waiting:
            if start in waiting:
                yield f"a case can go round from stage {start.value} to itself without any clock"
                break
            seen |= waiting
            onward = {after for stage in waiting - clocked for after in _next(workflow, stage)}
            waiting = onward - seen


DISPOSAL_CLOCK = frozenset({Stage.DISPATCHED, Stage.HANDLING})
"""Stages in which the disposal limit runs; a suspended case has its own end date."""


def clocked_stages(workflow: Workflow) -> frozenset[Stage]:
    """The stages in which a limit runs."""
    own = {move.to_stage for move in workflow.moves.values() if move.limit and move.to_stage is not None}
    return frozenset(own) | DISPOSAL_CLOCK | {Stage.SUSPENDED}


DEPARTMENT = frozenset({"department"})


def _judges_of_themselves(workflow: Workflow) -> Iterable[str]:
    for move in workflow.moves.values():
        if move.decides and set(move.roles) & DEPARTMENT:
            yield f"the department would decide its own application ({move.action.value})"
    for kind, levels in workflow.given["approvals"].items():
        if any(set(level) & DEPARTMENT for level in levels):
            yield f"the department would decide its own application ({kind})"
    for action in (Action.PASS_CHECK, Action.FAIL_CHECK, Action.CLOSE):
        if not workflow.moves[action].by_other_than_handler:
            yield f"{action.value} must be by somebody who did not handle the case"


DEFAULT_WORKFLOW = parse_workflow(SHIPPED, {})
