"""The present of a simulated city: the same people, through the same services as everybody else."""

import io
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from cityops.accounts.models import User
from cityops.foundation.context import Actor, acting
from cityops.foundation.errors import CityOpsError
from grid.models import Case, CaseApplication, CaseSupervision
from grid.rules.behaviour import next_move, quality_of, reports_on
from grid.rules.moving import Desk
from grid.rules.sayings import OPINIONS
from grid.rules.stages import OPEN_STAGES, Stage
from grid.rules.tempo import NextMove, random_of
from grid.rules.transitions import MOVES, Action
from grid.selectors.calendar import current_desk
from grid.services import media
from grid.services.cases import Report, act, register
from grid.services.simulator.ground import rid_of
from grid.services.simulator.past import case_rid, inputs_of, reporter_of, roles_for, source_no
from grid.services.simulator.pictures import USAGES, jpeg_of, picture_for
from grid.services.simulator.run import Plan, check_allowed, stored_plan
from grid.services.simulator.world import Matter, World, draw, read_world

LATE = timedelta(minutes=5)
"""What is overdue by more than this was due during a pause, and is dated to when it was due; all else happens now."""
MOST_AT_ONCE = 60
"""Reports, and moves, of one tick, so that a tick stays short after a pause."""
WORLD_SECONDS = 600
AFTERWARDS = timedelta(days=5)
"""So long after closing people are asked back and departments appeal."""


@dataclass(frozen=True)
class Ticked:
    """What a tick did."""

    registered: int = 0
    moved: int = 0


def tick(now: datetime | None = None) -> Ticked:
    """Let everything happen that is due by ``now``; nothing where the city was not simulated.

    Raises Refused on an instance that is not marked as simulated.
    """
    check_allowed()
    plan = stored_plan()
    if plan is None:
        return Ticked()
    now = now or timezone.now()
    world, desk = _world(plan.seed, int(time.monotonic() // WORLD_SECONDS)), current_desk()
    people: dict[int, User] = {}
    return Ticked(_register_due(plan, world, desk, people, now), _move_due(plan, world, desk, people, now))


@lru_cache(maxsize=1)
def _world(seed: int, _period: int) -> World:
    """The city, read anew every few minutes."""
    return read_world(seed)


def _person(people: dict[int, User], pk: int) -> User:
    if pk not in people:
        people[pk] = User.objects.select_related("organisation").get(pk=pk)
    return people[pk]


def _as(user: User) -> Actor:
    return Actor(user_id=user.pk, name=user.username, channel="task")


def _register_due(plan: Plan, world: World, desk: Desk, people: dict[int, User], now: datetime) -> int:
    """Reports of today; days that an instance slept through stay empty."""
    day = now.astimezone(desk.calendar.zone).date()
    due = {
        case_rid(plan.seed, day, number): at
        for number, at in enumerate(reports_on(plan.seed, day, plan.per_day, desk.calendar))
        if at <= now
    }
    for rid in Case.objects.filter(pk__in=list(due)).values_list("pk", flat=True):
        del due[rid]
    made = 0
    for rid, at in list(due.items())[:MOST_AT_ONCE]:
        happening = draw(world, random_of(plan.seed, rid))
        worker = world.worker_for(Action.REPORT, happening.grid.division_code[:6], "", random_of(plan.seed, rid, 0))
        user = _person(people, worker.pk)
        report = Report(
            class_code=happening.matter.code,
            longitude=happening.lon,
            latitude=happening.lat,
            description=happening.description,
            address=happening.address,
            kind=happening.matter.kind,
            component_id=happening.component.obj_id if happening.component else "",
            source=happening.source,
            source_no=source_no(happening.source, rid),
            reporter_type=happening.reporter_type,
            reporter=reporter_of(happening, rid),
            urgency=happening.urgency,
            rid=rid,
        )
        with acting(_as(user)):
            made += register(user, report, at=_dated(at, now), is_simulated=True).is_new
    return made


def _dated(due: datetime, now: datetime) -> datetime:
    """When something that was due is said to have happened."""
    return due if now - due > LATE else now


def _due_moves(plan: Plan, desk: Desk, now: datetime) -> Iterator[tuple[Case, NextMove]]:
    """Open simulated cases of this city whose next move is due, the earliest first."""
    found = []
    for case in _living(now):
        quality = quality_of(plan.seed, case.duty_org) if case.duty_org else 1.0
        move = next_move(case, random_of(plan.seed, case.rid, case.version), desk.calendar, quality)
        if move is not None and move.at <= now:
            found.append((case, move))
    yield from sorted(found, key=lambda pair: pair[1].at)[:MOST_AT_ONCE]


def _living(now: datetime) -> Iterator[Case]:
    """Simulated cases that something may happen to, with what behaviour knows beside the case itself."""
    own = Case.objects.filter(is_simulated=True, origin_code=settings.CITYOPS_NODE)
    ledger = CaseApplication.objects.filter(case=OuterRef("pk"))
    hung = ledger.filter(kind=CaseApplication.Kind.SUSPENSION, state=CaseApplication.State.APPROVED)
    told = {
        "level": Coalesce(Subquery(ledger.waiting().values("level")[:1]), 0),
        "was_hung": Exists(hung),
        "awaits_answer": Exists(CaseSupervision.objects.filter(case=OuterRef("pk"), answered_at__isnull=True)),
    }
    recent = own.filter(state=Stage.CLOSED, closed_at__gte=now - AFTERWARDS)
    yield from own.filter(state__in=OPEN_STAGES).annotate(**told)
    yield from recent.annotate(**told)


def _who(world: World, case: Case, move: NextMove, rng: Random) -> int:
    """The person who makes a move; on the spot it is who reported."""
    if move.action is Action.SELF_HANDLE:
        reporter: int | None = case.steps.order_by("seq").values_list("operator_id", flat=True).first()
        if reporter is not None:
            return reporter
    roles = roles_for(MOVES[move.action], case, getattr(case, "level", 0))
    return world.worker_for(move.action, case.division_code[:6], case.duty_org, rng, roles=roles).pk


def _photos(user: User, case: Case, move: NextMove, plan: Plan, now: datetime) -> list[uuid.UUID]:
    """Photos that go with a move, taken in as everybody's are: what the workflow asks for."""
    found = []
    rng = random_of(plan.seed, case.rid, case.version, "spot")
    for usage in USAGES.get(move.action, ()):
        media_id = rid_of("media", case.rid, usage, case.version + 1)
        image = picture_for(case.rid, usage, case.version + 1, plan.seed)
        media.store(
            user,
            io.BytesIO(jpeg_of(image)),
            media_id=media_id,
            usage=usage,
            taken_at=_dated(move.at, now),
            longitude=case.geom.x + rng.gauss(0, 0.00008),
            latitude=case.geom.y + rng.gauss(0, 0.00007),
            device_id=f"SIM{user.pk}",
        )
        found.append(media_id)
    return found


def _move_due(plan: Plan, world: World, desk: Desk, people: dict[int, User], now: datetime) -> int:
    matters = {m.code: m for group in world.matters.values() for m in group}
    moved = 0
    for case, move in _due_moves(plan, desk, now):
        matter = (world.component_matters if case.kind == Case.Kind.COMPONENT else matters).get(case.class_code)
        matter = matter or Matter(case.kind, case.class_code, case.matter_name, case.class_code[:2], ())
        rng = random_of(plan.seed, case.rid, case.version, "live")
        inputs, rule = inputs_of(world, matter, case=case, move=move, rng=rng)
        if "rule" in inputs:
            inputs["rule"] = rule
        user = _person(people, _who(world, case, move, rng))
        try:
            with acting(_as(user)), transaction.atomic():
                act(
                    user,
                    case,
                    move.action,
                    at=_dated(move.at, now),
                    version=case.version,
                    media=_photos(user, case, move, plan, now),
                    opinion=rng.choice(OPINIONS[move.action]),
                    **inputs,
                )
        except CityOpsError:
            continue  # a person was quicker, or the rules changed: the next tick sees the case as it stands then
        moved += 1
    return moved
