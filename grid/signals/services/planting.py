"""Plant what signals look for in a simulated past, at known places; the truth is kept beside it.

Each planter takes what honest people did and changes as little as it needs. What is planted for one kind stays away
from the cases of the others, so that a signal of another kind on it would be a false alarm.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from PIL import Image

from grid.models import CaseMedia
from grid.rules.distance import metres_between
from grid.rules.tempo import random_of
from grid.rules.transitions import MOVES, Action
from grid.services import photos
from grid.services.simulator.past import Past
from grid.services.simulator.pictures import ROUGH, picture_for, point
from grid.services.simulator.world import Ground
from grid.signals.models import PlantedFraud
from grid.signals.rules.kinds import Kind

NUMBERS = {Kind.SAME_PHOTO: 6, Kind.UNCHANGED: 5, Kind.FAR_PHOTO: 5, Kind.TRAVEL: 4, Kind.BUNCHED: 2,
           Kind.QUIET_GRID: 3, Kind.PAIR: 2}  # fmt: skip
"""How often each is planted where the city is large enough for it."""
BUNCHED_SHARE = 0.7
"""Share of the disposals in time that a department puts off to the very end."""
PAIR_CHECKS = 120
BESIDE = 0.0003
CHECKS = (MOVES[Action.PASS_CHECK].step_code, MOVES[Action.FAIL_CHECK].step_code)
FEED_BACK = MOVES[Action.FEED_BACK].step_code


@dataclass
class Field:
    """A past that is tampered with: what has been used already is left alone."""

    past: Past
    rng: Random
    used: set[Any] = field(default_factory=set)
    by_case: dict[Any, list[dict[str, Any]]] = field(default_factory=dict)
    cases: dict[Any, dict[str, Any]] = field(default_factory=dict)

    def photographed(self, usage: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """(case, photo) of unused cases with a photo of a usage, in a drawn order; taking one uses it."""
        rows = [row for row in self.past.media if row["usage"] == usage]
        self.rng.shuffle(rows)
        for row in rows:
            if row["case_id"] not in self.used:
                yield self.cases[row["case_id"]], row

    def first_photo(self, case: dict[str, Any], usage: str) -> dict[str, Any] | None:
        """A photo of a case."""
        return next((row for row in self.by_case[case["rid"]] if row["usage"] == usage), None)


def field_of(past: Past) -> Field:
    """A past, ready to be tampered with."""
    made = Field(past, random_of(past.seed, "fraud"), cases={case["rid"]: case for case in past.cases})
    made.by_case = defaultdict(list)
    for row in past.media:
        made.by_case[row["case_id"]].append(row)
    return made


def plant(past: Past) -> dict[Kind, list[str]]:
    """Tamper with a past that was played; returns the subjects by kind. Grids first, as they take cases away."""
    quiet = _quiet_grids(past, random_of(past.seed, "fraud", "quiet"))
    ground = field_of(past)
    planted = {Kind.QUIET_GRID: quiet}
    for kind, planter in _PLANTERS.items():
        planted[kind] = planter(ground, NUMBERS[kind])
    return planted


def plant_and_keep(past: Past) -> dict[str, int]:
    """What ``simulate --fraud`` calls: plant, and keep the truth in this city's own table."""
    planted = plant(past)
    rows = [
        PlantedFraud(kind=kind, subject=subject, seed=past.seed) for kind, many in planted.items() for subject in many
    ]
    PlantedFraud.objects.bulk_create(rows, ignore_conflicts=True)
    return {kind.value: len(many) for kind, many in planted.items()}


def _copied(image: Image.Image) -> str:
    """The hash of a picture that was sent on once: made smaller and brighter."""
    small = image.resize((60, 45), Image.Resampling.LANCZOS).point([min(255, value + 6) for value in range(256)] * 3)
    return photos.perceptual_hash(small)


def _as_copy_of(row: dict[str, Any], source: dict[str, Any]) -> None:
    """Let a photo be the other one; as a file it is drawn as that one."""
    image = picture_for(*source["drawn"], scale=ROUGH)
    row["phash"], row["drawn"] = _copied(image), source["drawn"]
    row["sha256"] = hashlib.sha256(image.tobytes() + b"again").hexdigest()


def _same_photo(ground: Field, number: int) -> list[str]:
    """A department gives the photo of another place as its own."""
    found: list[str] = []
    rows = ground.photographed(CaseMedia.Usage.HANDLE)
    while len(found) < number:
        pair = [next(rows, None), next(rows, None)]
        if pair[0] is None or pair[1] is None:
            break
        (one, first), (other, second) = sorted((pair[0], pair[1]), key=lambda item: item[1]["uploaded_at"])
        if one["rid"] == other["rid"] or metres_between(one["spot"], other["spot"]) < 300:
            continue
        ground.used |= {one["rid"], other["rid"]}
        _as_copy_of(second, first)
        found.append(":".join(sorted((one["rid"].hex, other["rid"].hex))))
    return found


def _unchanged(ground: Field, number: int) -> list[str]:
    """The photo from before is given as the one from after."""
    found = []
    for case, row in ground.photographed(CaseMedia.Usage.HANDLE):
        before = ground.first_photo(case, CaseMedia.Usage.REPORT)
        if before is not None and case["rework_count"] == 0:
            ground.used.add(case["rid"])
            _as_copy_of(row, before)
            found.append(case["rid"].hex)
        if len(found) == number:
            break
    return found


def _far_photo(ground: Field, number: int) -> list[str]:
    """A photo is taken at home."""
    found = []
    for case, row in ground.photographed(CaseMedia.Usage.CHECK):
        ground.used.add(case["rid"])
        angle = ground.rng.choice((-1, 1))
        spot = (case["spot"][0] + angle * ground.rng.uniform(0.008, 0.02), case["spot"][1])
        row["spot"], row["geom"] = spot, point(*spot)
        row["distance_m"] = round(metres_between(spot, case["spot"]), 1)
        found.append(case["rid"].hex)
        if len(found) == number:
            break
    return found


def _travel(ground: Field, number: int) -> list[str]:
    """One account is used by two people at two ends of the city within minutes."""
    found: list[str] = []
    rows = [row for _case, row in ground.photographed(CaseMedia.Usage.REPORT)]
    days: set[tuple[int, Any]] = set()
    for row in rows:
        if len(found) == number:
            break
        other = next((one for one in rows if _is_far(one, row) and one["case_id"] not in ground.used), None)
        person, day = row["uploaded_by_id"], _day(ground.past, row["taken_at"])
        if other is None or row["case_id"] in ground.used or (person, day) in days:
            continue
        days.add((person, day))
        ground.used |= {row["case_id"], other["case_id"]}
        later = row["taken_at"] + timedelta(seconds=ground.rng.randrange(40, 110))
        other.update(uploaded_by_id=person, taken_at=later, uploaded_at=max(later, row["uploaded_at"]))
        other["device_id"] = row["device_id"] + "B"
        found.append(str(person))
    return sorted(set(found))


def _is_far(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return metres_between(one["spot"], other["spot"]) > 6_000


def _day(past: Past, at: datetime) -> Any:
    return at.astimezone(past.desk.calendar.zone).date()


def _bunched(ground: Field, number: int) -> list[str]:
    """A department finishes in time, and says so at the last moment only."""
    by_org: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for case in ground.past.cases:
        if _may_be_put_off(case):
            by_org[case["duty_org"]].append(case)
    steps: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for step in ground.past.steps:
        steps[step["case_id"]].append(step)
    orgs = sorted((org for org, rows in by_org.items() if len(rows) >= 40), key=lambda org: -len(by_org[org]))
    chosen = ground.rng.sample(orgs, min(number, len(orgs) // 2))
    for org in chosen:
        for case in by_org[org]:
            if ground.rng.random() < BUNCHED_SHARE:
                _put_off(ground, case, steps[case["rid"]])
    return chosen


def _may_be_put_off(case: dict[str, Any]) -> bool:
    due, done = case["dispose_deadline"], case["disposed_at"]
    return bool(due and done and done < due and case["rework_count"] == 0 and case["state"] == "80")


def _put_off(ground: Field, case: dict[str, Any], steps: list[dict[str, Any]]) -> None:
    """Move the feedback to the end of the limit, and all that followed by as much."""
    due, whole = case["dispose_deadline"], case["dispose_deadline"] - case["dispatched_at"]
    wait = due - whole * ground.rng.uniform(0.004, 0.035) - case["disposed_at"]
    if wait <= timedelta(0) or case["updated_at"] + wait > ground.past.until:
        return
    began = next(step["seq"] for step in steps if step["action"] == FEED_BACK)
    for step in steps:
        if step["seq"] >= began:
            step["operated_at"] += wait
            step["deadline"] = step["deadline"] and step["deadline"] + wait
    for name in ("disposed_at", "checked_at", "closed_at", "updated_at"):
        case[name] = case[name] and case[name] + wait
    for row in ground.by_case.get(case["rid"], ()):
        if row["step_seq"] >= began:
            row["taken_at"] += wait
            row["uploaded_at"] += wait


def _pair(ground: Field, number: int) -> list[str]:
    """A checker takes over the checks of a department that pass; what fails is left to others."""
    orgs = {case["rid"]: case["duty_org"] for case in ground.past.cases}
    checks: dict[str, list[dict[str, Any]]] = defaultdict(list)
    by_person: Counter[int] = Counter()
    for step in ground.past.steps:
        if step["action"] in CHECKS:
            checks[orgs[step["case_id"]]].append(step)
            by_person[step["operator_id"]] += 1
    found: list[str] = []
    busiest = sorted(checks, key=lambda org: -sum(step["action"] == CHECKS[1] for step in checks[org]))
    for org in busiest:
        if len(found) == number:
            break
        people = sorted({step["operator_id"] for step in checks[org]} | set(by_person), key=lambda pk: -by_person[pk])
        friend = next((pk for pk in people if f"{pk}:" not in "".join(found)), None)
        stranger = next((pk for pk in people if pk != friend), None)
        passes = [step for step in checks[org] if step["action"] == CHECKS[0]]
        if friend is None or stranger is None or len(passes) < PAIR_CHECKS + 30:
            continue
        _take_over(checks[org], passes[:PAIR_CHECKS], friend, stranger)
        found.append(f"{friend}:{org}")
    return found


def _take_over(checks: list[dict[str, Any]], taken: list[dict[str, Any]], friend: int, stranger: int) -> None:
    for step in checks:
        if step["operator_id"] == friend:
            step["operator_id"] = stranger
    for step in taken:
        step["operator_id"] = friend


def _quiet_grids(past: Past, rng: Random) -> list[str]:
    """Collectors leave a grid out: what they reported there was never reported."""
    counts = Counter(case["grid_code"] for case in past.cases if case["source"] == "01")
    grounds = past.world.grounds
    lively = [one for one in grounds if counts[one.code] >= 3]
    rng.shuffle(lively)
    chosen: list[str] = []
    for one in lively:
        near = [other for other in grounds if other.code != one.code and _are_beside(one, other)]
        mean = sum(counts[other.code] for other in near) / len(near) if near else 0
        if len(near) >= 3 and mean >= 15 and not any(other.code in chosen for other in near):
            chosen.append(one.code)
        if len(chosen) == NUMBERS[Kind.QUIET_GRID]:
            break
    gone = {case["rid"] for case in past.cases if case["grid_code"] in chosen and case["source"] == "01"}
    past.cases[:] = [case for case in past.cases if case["rid"] not in gone]
    past.steps[:] = [step for step in past.steps if step["case_id"] not in gone]
    past.media[:] = [row for row in past.media if row["case_id"] not in gone]
    for rows in (past.ledgers.applications, past.ledgers.supervisions, past.ledgers.tasks):
        rows[:] = [row for row in rows if row["case_id"] not in gone]
    return chosen


def _are_beside(one: Ground, other: Ground) -> bool:
    west, south, east, north = one.bounds
    west2, south2, east2, north2 = other.bounds
    return west - BESIDE <= east2 and west2 <= east + BESIDE and south - BESIDE <= north2 and south2 <= north + BESIDE


_PLANTERS: dict[Kind, Callable[[Field, int], list[str]]] = {
    Kind.PAIR: _pair,
    Kind.SAME_PHOTO: _same_photo,
    Kind.UNCHANGED: _unchanged,
    Kind.FAR_PHOTO: _far_photo,
    Kind.TRAVEL: _travel,
    Kind.BUNCHED: _bunched,
}
