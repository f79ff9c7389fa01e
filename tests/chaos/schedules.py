"""Schedules: from a seed a list of acts, always the same; and a failing one made as short as it goes."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.nodes import CITY_A, CITY_B, NATION, PARENT, PROVINCE
from tests.chaos.world import LONG, SHORT, Act

TOPOLOGIES = (
    ((CITY_A, PROVINCE), 45),
    ((CITY_A, PROVINCE, NATION), 25),
    ((CITY_A, CITY_B, PROVINCE), 15),
    ((CITY_A, CITY_B, PROVINCE, NATION), 15),
)
CALLS = ("", "", "", "push", "push", "pull", "notes", "hello")
LINE = ("lost_request", "lost_answer", "lost_answer", "cut_request", "cut_answer", "duplicate", "hold")
WORKER_POINTS = (
    "sequence.taken",
    "sequence.numbered",
    "sequence.sealed",
    "push.before",
    "push.answered",
    "tell.before",
    "pull.answered",
)
APPLY_POINTS = ("receive.kept", "receive.applied", "receive.signed")


@dataclass(frozen=True)
class Profile:
    """What a run is about, chosen by its seed."""

    codes: tuple[str, ...]
    length: int
    restored: str
    """Which nodes are put back to backups: none, receivers, all."""
    flips: bool
    writers: dict[str, tuple[str, ...]]
    """Kinds that each node writes."""
    keys: str
    """Keys that they write: the fewer, the more often two ends write the same record."""


def profile_of(rng: random.Random) -> Profile:
    """The profile of a run."""
    codes = rng.choices([codes for codes, _weight in TOPOLOGIES], [weight for _codes, weight in TOPOLOGIES])[0]
    restored = rng.choices(("none", "receivers", "all"), (35, 25, 40))[0]
    upward = rng.choice(
        (("organisation",), ("organisation", "place"), ("organisation", "organisation", "place", "action"))
    )
    writers = {code: upward for code in codes if code.endswith("-C")}
    if restored != "receivers":
        writers[PROVINCE] = ("organisation", "task")
        writers[NATION] = ("class", "task")
    keys = rng.choice(("1", "123", "12345"))
    return Profile(codes, rng.randint(15, 45), restored, rng.random() < 0.15, writers, keys)


def schedule(seed: int) -> tuple[Profile, list[Act]]:
    """The acts of a run."""
    rng = random.Random(seed)
    profile = profile_of(rng)
    acts: list[Act] = []
    while len(acts) < profile.length:
        acts.append(_act(rng, profile))
        if acts[-1][0] in {"backup", "restore"} and LONG[acts[-1][1]] in profile.writers:
            acts += _around_a_backup(rng, profile, acts[-1])
    return profile, acts


def _around_a_backup(rng: random.Random, profile: Profile, act: Act) -> list[Act]:
    """What makes forks: writes that leave after a backup, and writes after a restore that nobody has heard of yet."""
    name = act[1]
    writes = [_write(rng, profile, name) for _number in range(rng.choice((0, 1, 2, 2)))]
    return [*writes, ("slice", name)] if act[0] == "backup" and PARENT.get(LONG[name]) in profile.codes else writes


def _act(rng: random.Random, profile: Profile) -> Act:
    names = [SHORT[code] for code in profile.codes]
    children = [name for name in names if PARENT.get(LONG[name]) in profile.codes]
    cities = [name for name in names if name in "AB"]
    writers = [name for name in names if LONG[name] in profile.writers]
    makers: tuple[tuple[int, Callable[[], Act]], ...] = (
        (30, lambda: _write(rng, profile, rng.choice(writers))),
        (3, lambda: ("open", rng.choice(cities))),
        (3, lambda: ("close", rng.choice(cities), rng.random() < 0.7)),
        (30, lambda: ("slice", rng.choice(children), *_faults(rng, profile))),
        (8, lambda: _kill(rng, profile, children)),
        (3, lambda: ("release", rng.randint(0, 9))),
        (3, lambda: ("replay", rng.randint(0, 63), rng.choice((1, 2)))),
        (2, lambda: ("steal", rng.choice(cities))),
        (2, lambda: ("write_between", rng.choice(cities), "sequence.numbered")),
        (4, lambda: _outage(rng, children)),
        (12, lambda: _backup_or_restore(rng, profile, names)),
    )
    return rng.choices([maker for _weight, maker in makers], [weight for weight, _maker in makers])[0]()


def _write(rng: random.Random, profile: Profile, name: str) -> Act:
    kind = rng.choice(profile.writers[LONG[name]])
    key = rng.choice(profile.keys)
    if kind == "organisation" and rng.random() < 0.04:
        return "poison", name, key
    if kind != "task" and rng.random() < 0.2:
        return "delete", kind, name, key
    return "write", kind, name, key


def _faults(rng: random.Random, profile: Profile) -> list[tuple[str, str, float]]:
    found = []
    while rng.random() < 0.6 and len(found) < 3:
        kinds = (*LINE, "flip_request", "flip_answer") if profile.flips else LINE
        found.append((rng.choice(kinds), rng.choice(CALLS), round(rng.random(), 4)))
    return found


def _kill(rng: random.Random, profile: Profile, children: list[str]) -> Act:
    name = rng.choice(children)
    if rng.random() < 0.5:
        return "kill", name, rng.choice((*WORKER_POINTS, *APPLY_POINTS)), rng.choice((1, 1, 2))
    point = rng.choice((*APPLY_POINTS, "answer.committed", "answer.committed"))
    return "kill_parent", name, point, "push" if point != "answer.committed" else rng.choice(("push", "pull", "notes"))


def _outage(rng: random.Random, children: list[str]) -> Act:
    name = rng.choice(children)
    return rng.choice((("freeze", name), ("thaw", name), ("down", "P"), ("up", "P"), ("up", "P")))


def _backup_or_restore(rng: random.Random, profile: Profile, names: list[str]) -> Act:
    if profile.restored == "none":
        return "sequence", rng.choice(names)
    if profile.restored == "receivers":
        names = ["N"] if NATION in profile.codes else ["P"]
    name = rng.choice((*names, *[name for name in names if name in "AB"] * 2))
    return ("backup", name) if rng.random() < 0.5 else ("restore", name, rng.randint(0, 99))


def shortened(acts: list[Act], fails: Callable[[list[Act]], bool]) -> list[Act]:
    """The schedule without every act that the failure does not need, first in large pieces, then one by one."""
    size = max(1, len(acts) // 2)
    while True:
        at, shorter = 0, False
        while at < len(acts):
            fewer = acts[:at] + acts[at + size :]
            if fails(fewer):
                acts, shorter = fewer, True
            else:
                at += size
        if size > 1:
            size //= 2
        elif not shorter:
            return acts
