"""Write the past of a simulated city in bulk: every case moved by the same rules as people move theirs."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any, Protocol

from django.conf import settings
from django.db import connection
from django.utils import timezone

from cityops.foundation.records import local_node
from cityops.regions.models import CGCS2000
from grid.models import Case, CaseApplication, CaseMedia, CaseStep, CaseSupervision, CaseTask, Component
from grid.rules.asides import ANSWER_WITHIN, SATISFACTION, SATISFACTION_WEIGHTS, SUSPENDED_DAYS
from grid.rules.behaviour import days_until, next_move, quality_of, reports_on
from grid.rules.codes import CURRENT
from grid.rules.component_states import INTACT, MENDED_BY_DISPOSAL
from grid.rules.moving import Desk, changes_of, step_deadline
from grid.rules.sayings import OPINIONS
from grid.rules.stages import Stage
from grid.rules.tempo import NextMove, random_of
from grid.rules.transitions import MOVES, SUSPENSION_REASONS, Action, Move, can_move
from grid.rules.workflow import DEFAULT_WORKFLOW
from grid.services.numbers import city_digits, last_numbers, raise_numbers
from grid.services.reporters import reporter_id
from grid.services.simulator.bulk import copy_rows
from grid.services.simulator.ground import rid_of
from grid.services.simulator.ledgers import Done, Ledgers
from grid.services.simulator.pictures import PHOTO_SHARE, photos_of
from grid.services.simulator.world import Happening, Matter, Worker, World, choose_rule, draw

REPORT = MOVES[Action.REPORT]
SEQUENCE_DIGITS = 10
MENDED = f"""
UPDATE {Component._meta.db_table} AS c SET state = '{INTACT}', change_date = m.day
FROM (
    SELECT component_id, max((closed_at AT TIME ZONE %(zone)s::text)::date) AS day FROM {Case._meta.db_table}
    WHERE state = '{Stage.CLOSED.value}' AND component_id <> '' AND origin_code = %(node)s::varchar GROUP BY 1
) AS m
WHERE c.obj_id = m.component_id AND c.state IN ('{"', '".join(sorted(MENDED_BY_DISPOSAL))}')
"""


class Standing(Protocol):
    """What choosing a department reads of a case."""

    division_code: str
    duty_org: str


@dataclass
class Past:
    """A past in the making: what the rows need besides the world."""

    world: World
    desk: Desk
    seed: int
    per_day: float
    until: datetime
    cases: list[dict[str, Any]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    numbers: Counter[date] = field(default_factory=Counter)
    ledgers: Ledgers = field(default_factory=Ledgers)
    media: list[dict[str, Any]] = field(default_factory=list)
    """Photos of a share of the cases."""


def write_past(past: Past, days: int) -> tuple[int, int]:
    """Play ``days`` days up to ``past.until`` and write them; returns the numbers of cases and steps."""
    play(past, days)
    return write(past)


def play(past: Past, days: int) -> None:
    """Let ``days`` days up to ``past.until`` happen; nothing is written yet."""
    past.numbers.update(last_numbers())
    today = past.until.astimezone(past.desk.calendar.zone).date()
    for day in days_until(today, days):
        for number, at in enumerate(reports_on(past.seed, day, past.per_day, past.desk.calendar)):
            if at <= past.until:
                _live_through(past, day, number, at)


def write(past: Past) -> tuple[int, int]:
    """Write what has happened; returns the numbers of cases and steps."""
    cases, steps = copy_rows(Case, past.cases), copy_rows(CaseStep, past.steps)
    copy_rows(CaseMedia, past.media)
    copy_rows(CaseApplication, past.ledgers.applications)
    copy_rows(CaseSupervision, past.ledgers.supervisions)
    copy_rows(CaseTask, past.ledgers.tasks)
    mend_components()
    raise_numbers(past.numbers)
    return cases, steps


def mend_components() -> None:
    """What closing one case after the other would have done to their components."""
    with connection.cursor() as cursor:
        cursor.execute(MENDED, {"node": local_node(), "zone": settings.TIME_ZONE})


def case_rid(seed: int, day: date, number: int) -> Any:
    """The record of the ``number``-th report of a day."""
    return rid_of("case", seed, day, number)


def _live_through(past: Past, day: date, number: int, at: datetime) -> None:
    """One case from its report to its close, or to now."""
    rid = case_rid(past.seed, day, number)
    happening = draw(past.world, random_of(past.seed, rid))
    past.numbers[day] += 1
    case = _born(past, rid, day, happening, at)
    rng = random_of(past.seed, rid, 0)
    reporter = past.world.worker_for(Action.REPORT, case.division_code[:6], "", rng)
    case.reported_by = reporter.pk
    case.is_photographed = random_of(past.seed, rid, "photos").random() < PHOTO_SHARE
    _step(past, case, REPORT, reporter)
    while True:
        rng = random_of(past.seed, rid, case.version)
        quality = quality_of(past.seed, case.duty_org) if case.duty_org else 1.0
        move = next_move(case, rng, past.desk.calendar, quality)
        if move is None or move.at > past.until:
            break
        _advance(past, case, happening, move, rng)
    past.cases.append(vars(case))


def inputs_of(
    world: World, matter: Matter, *, case: Standing, move: NextMove, rng: Random
) -> tuple[dict[str, Any], int | None]:
    """What a move is given: (inputs for the rules, pk of the disposal rule chosen)."""
    action, county = move.action, case.division_code[:6]
    if action is Action.FILE:
        pk, rule = choose_rule(matter, rng)
        return {"rule": rule}, pk
    if action is Action.DISPATCH:
        return {"duty_org": world.department_for(matter, county)}, None
    if action is Action.DISPATCH_AGAIN:
        return {"duty_org": world.department_again(county, case.duty_org, rng)}, None
    given = _GIVEN.get(action)
    return ({} if given is None else given(move, rng)), None


def _suspension(move: NextMove, rng: Random) -> dict[str, Any]:
    day = timezone.localtime(move.at).date() + timedelta(days=SUSPENDED_DAYS)
    return {"why": rng.choice(SUSPENSION_REASONS), "until": day}


_GIVEN: dict[Action, Callable[[NextMove, Random], dict[str, Any]]] = {
    Action.REJECT: lambda move, _rng: {"reason": move.reason},
    Action.APPLY_SUSPENSION: _suspension,
    Action.SUPERVISE: lambda move, _rng: {"due_at": move.at + ANSWER_WITHIN},
    Action.RETURN_VISIT: lambda _move, rng: {
        "satisfaction": rng.choices(SATISFACTION, weights=SATISFACTION_WEIGHTS)[0]
    },
}
"""Inputs of moves that the world has no say in."""


def roles_for(move: Move, case: Standing, level: int) -> tuple[str, ...]:
    """Who decides an application on this level; empty for all other moves."""
    if not move.decides:
        return ()
    levels = DEFAULT_WORKFLOW.levels(move.decides)
    return tuple(role for role in move.roles if role in levels[min(level, len(levels) - 1)])


def is_last_level(move: Move, level: int) -> bool:
    """Whether what is agreed on this level holds."""
    return level + 1 >= len(DEFAULT_WORKFLOW.levels(move.decides))


def _advance(past: Past, case: SimpleNamespace, happening: Happening, move: NextMove, rng: Random) -> None:
    if not can_move(Stage(case.state), move.action, case.pending):
        raise AssertionError(f"{case.case_no} stands at {case.state} and cannot {move.action}.")
    inputs, _pk = inputs_of(past.world, happening.matter, case=case, move=move, rng=rng)
    row, opinion, before = MOVES[move.action], rng.choice(OPINIONS[move.action]), vars(case).copy()
    worker = _who(past, case, row, rng)
    if row.is_agreed and not is_last_level(row, case.level):
        vars(case).update(updated_at=move.at, version=case.version + 1, level=case.level + 1)
    else:
        vars(case).update(changes_of(case, move.action, move.at, past.desk, inputs))
        case.level = 0
    _step(past, case, row, worker, before=before["state"], opinion=opinion)
    past.ledgers.follow(case, before, Done(row, move.at, worker, inputs, opinion), past.desk)


def _who(past: Past, case: SimpleNamespace, move: Move, rng: Random) -> Worker:
    if move.action is Action.SELF_HANDLE:
        reporter = past.world.worker(case.reported_by)
        if reporter is not None:
            return reporter
    roles = roles_for(move, case, case.level)
    return past.world.worker_for(move.action, case.division_code[:6], case.duty_org, rng, roles=roles)


def _step(
    past: Past, case: SimpleNamespace, move: Move, worker: Worker, *, before: str = "", opinion: str = ""
) -> None:
    role = next((worker.roles[code] for code in move.roles if worker.roles.get(code)), move.step_role)
    if case.is_photographed:
        past.media.extend(photos_of(case, move.action, worker, past.seed))
    past.steps.append(
        {
            "case_id": case.rid,
            "origin_code": case.origin_code,
            "seq": case.version,
            "action": move.step_code,
            "from_state": before,
            "to_state": case.state,
            "operator_role": role,
            "operator_org": worker.org_code,
            "operator_id": worker.pk,
            "operated_at": case.updated_at,
            "deadline": step_deadline({"stage_due_at": case.stage_due_at}),
            "opinion": opinion,
        }
    )


def _born(past: Past, rid: Any, day: date, happening: Happening, at: datetime) -> SimpleNamespace:
    matter, thing = happening.matter, happening.component
    authority = thing.authority if thing else past.world.authority
    first = matter.rules[0][1] if matter.rules else None
    return SimpleNamespace(
        **_EMPTY,
        rid=rid,
        origin_code=local_node(),
        case_no=f"{city_digits()}{day:%Y%m%d}{past.numbers[day]:0{SEQUENCE_DIGITS}d}",
        kind=matter.kind,
        std_ref=CURRENT,
        matter_code=happening.grid.division_code[:6] + matter.code,
        class_code=matter.code,
        matter_name=matter.name[:30],
        dept_code1=authority[0],
        dept_name1=authority[1],
        component_id=thing.obj_id if thing else "",
        source=happening.source,
        source_no=source_no(happening.source, rid),
        description=happening.description,
        address=happening.address,
        geom=f"SRID={CGCS2000};POINT({happening.lon:.7f} {happening.lat:.7f})",
        spot=(happening.lon, happening.lat),
        grid_code=happening.grid.code,
        division_code=happening.grid.division_code,
        reporter_type=happening.reporter_type,
        reporter_id=reporter_id(happening.reporter_type, reporter_of(happening, rid)),
        reported_at=at,
        filing_condition=first.filing_condition if first else "",
        limit_value=first.limit_value if first else None,
        limit_unit=first.limit_unit if first else "",
        state=Stage.REPORTED.value,
        urgency=happening.urgency,
        stage_due_at=past.desk.stage_end(REPORT.limit, at),
        stage_warn_at=past.desk.stage_warning(REPORT.limit, at),
        updated_at=at,
    )


def source_no(source: str, rid: Any) -> str:
    """The number of a hotline's work order; empty for other sources."""
    return f"12345-{rid.hex[:10]}" if source == Case.Source.HOTLINE else ""


def reporter_of(happening: Happening, rid: Any) -> str:
    """Who reported: a staff number, or something nobody can call."""
    if happening.reporter_type == Case.ReporterType.COLLECTOR:
        return f"C{int(happening.grid.division_code[4:9]) % 89 + 11}"
    return f"simulated-{rid.hex[:12]}" if happening.reporter_type == Case.ReporterType.PUBLIC else ""


_EMPTY: dict[str, Any] = {
    **dict.fromkeys(("task_no", "ext_class", "reject_reason", "duty_org", "deadline_class", "close_type"), ""),
    **dict.fromkeys(("accepted_at", "filed_at", "rejected_at", "dispatched_at", "dispose_deadline"), None),
    **dict.fromkeys(("disposed_at", "checked_at", "close_deadline", "closed_at"), None),
    **dict.fromkeys(("rework_count", "return_count", "postpone_count"), 0),
    **dict.fromkeys(("is_hung", "is_void", "is_supervised"), "0"),
    **dict.fromkeys(("satisfaction", "pending", "workflow", "district_code", "appeal"), ""),
    **dict.fromkeys(("paused_at", "run_seconds", "handler_id", "previous_round", "merged_into"), None),
    "checks_passed": 0,
    "level": 0,
    "awaits_answer": False,
    "was_hung": False,
    "is_simulated": True,
    "version": 1,
}
"""What a case begins with besides its report."""
