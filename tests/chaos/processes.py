"""Level iii: real processes (gunicorn, Celery with its beat) of four instances, joined through lines that are hurt.

Nothing is simulated but the people: processes are killed by SIGKILL and by failpoints, stopped and continued, their
databases' backends ended, their databases put back to backups made under load.
"""

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cityops.foundation.failpoints import POINTS
from tests.chain import FEW_DIVISIONS, at_all
from tests.chaos import checking, privacy, resting
from tests.chaos.load import CONTACT, IDENTITY, PHONE, Users
from tests.chaos.nodes import CITY_A, CITY_B, NATION, PARENT, PROVINCE, TIERS, Node
from tests.chaos.proxy import MODES, Lines, Proxy
from tests.chaos.runs import Totals
from tests.chaos.wire import Network
from tests.chaos.world import World
from tests.launcher import Instance, PrivateRedis

SETTLE_SECONDS = 300
EPISODE_SECONDS = 120
SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.chaos.settings", "SYNC_TICK_SECONDS": "1", "SYNC_BATCH_RECORDS": "50"}
Say = Callable[[str], None]


@dataclass
class City:
    """Four instances, their lines, and what the checker knows."""

    instances: dict[str, Instance]
    lines: dict[str, Proxy]
    redis: PrivateRedis
    world: World
    users: list[Users] = field(default_factory=list)

    def node(self, code: str) -> Node:
        """The checker's look at an instance."""
        return self.world.nodes[code]

    def start_worker(self, code: str, fail: str = "") -> None:
        """Start the worker of a node, with a failpoint armed where one is wanted."""
        instance = self.instances[code]
        instance.env["CHAOS_FAIL"] = fail
        instance.start_worker(2)
        instance.env["CHAOS_FAIL"] = ""

    def start_web(self, code: str, fail: str = "") -> None:
        """Start the web server of a node; the failpoint is armed in its worker processes."""
        instance = self.instances[code]
        instance.env["CHAOS_FAIL"] = fail
        instance.start_web(4)
        instance.env["CHAOS_FAIL"] = ""

    def is_running(self, code: str, name: str) -> bool:
        """Whether a process of a node lives."""
        process = self.instances[code].processes.get(name)
        return process is not None and process.is_running


def build(stack: ExitStack, seed: int, folder: Path) -> City:
    """Start four instances and join them through lines."""
    redis = stack.enter_context(PrivateRedis())
    lines = Lines()
    stack.callback(lines.close)
    instances: dict[str, Instance] = {}
    for code in (NATION, PROVINCE, CITY_A, CITY_B):
        parent = instances.get(PARENT.get(code, ""))
        made = Instance(TIERS[code[-1]], code[:12], code, parent, redis=redis, **SETTINGS)
        instances[code] = stack.enter_context(made)
        instances[code].env["REDIS_URL"] = redis.url.replace("db=0", f"db={len(instances)}")
    at_all(list(instances.values()), _prepare)
    proxies = {}
    for number, (child, parent_code) in enumerate(PARENT.items()):
        proxies[child] = lines.open(instances[parent_code].port, seed + number)
        enrolment = instances[parent_code].manage("enrolment_code", child).split()[-1]
        instances[child].manage("join", proxies[child].url, enrolment)
        instances[parent_code].manage("approve_join", child)
    nodes = {
        code: Node(code, instance.database, instance.folder, instance.port) for code, instance in instances.items()
    }
    stack.callback(lambda: [node.close() for node in nodes.values()])
    world = World(Network(nodes), tuple(instances))
    city = City(instances, proxies, redis, world)
    for number, code in enumerate((CITY_A, CITY_B)):
        city.users.append(Users(world, nodes[code], seed + 100 + number, folder, rate=10, keys=200))
    return city


def _prepare(instance: Instance) -> None:
    with instance.connect() as connection:
        connection.execute(FEW_DIVISIONS)
        connection.execute("DELETE FROM standard_classentry")
    instance.manage("node_init")
    if not instance.node.endswith("-C"):
        instance.start_web(4)


# --- what happens to them


def act(city: City, chance: random.Random) -> str:
    """One thing that goes wrong, or is mended. Returns what it was."""
    acts: tuple[tuple[int, Callable[[City, random.Random], str]], ...] = (
        (30, _hurt_line),
        (15, _kill_worker),
        (10, _kill_web),
        (8, _end_backends),
        (6, _stop_and_continue),
        (4, _flush_redis),
        (8, _backup),
        (6, _restore),
    )
    return rng_choice(chance, acts)(city, chance)


def rng_choice(chance: random.Random, weighted: tuple[tuple[int, Any], ...]) -> Any:
    """One of the weighted things."""
    return chance.choices([thing for _weight, thing in weighted], [weight for weight, _thing in weighted])[0]


def _hurt_line(city: City, chance: random.Random) -> str:
    child = chance.choice(list(city.lines))
    mode = chance.choice((*MODES[:2], *MODES[:2], *MODES[:2], *MODES))
    city.lines[child].mode = mode
    time.sleep(chance.uniform(1, 6))
    city.lines[child].mode = "open"
    return f"line of {child}: {mode}"


def _kill_worker(city: City, chance: random.Random) -> str:
    code = chance.choice((CITY_A, CITY_B, PROVINCE))
    if city.is_running(code, "worker"):
        city.instances[code].kill("worker")
    fail = f"{chance.choice(sorted(POINTS))}:{chance.randint(1, 5)}" if chance.random() < 0.5 else ""
    city.start_worker(code, fail)
    return f"worker of {code} killed, started with {fail or 'nothing armed'}"


def _kill_web(city: City, chance: random.Random) -> str:
    code = chance.choice((PROVINCE, NATION))
    if city.is_running(code, "web"):
        city.instances[code].kill("web")
    time.sleep(chance.uniform(0, 3))
    points = [point for point in sorted(POINTS) if point.startswith(("receive", "answer"))]
    fail = f"{chance.choice(points)}:{chance.randint(2, 6)}" if chance.random() < 0.5 else ""
    city.start_web(code, fail)
    return f"web of {code} killed, started with {fail or 'nothing armed'}"


def _end_backends(city: City, chance: random.Random) -> str:
    code = chance.choice((CITY_A, CITY_B, PROVINCE, NATION))
    ended = city.node(code).rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
        city.instances[code].database,
    )
    return f"{len(ended)} database sessions of {code} ended"


def _stop_and_continue(city: City, chance: random.Random) -> str:
    code = chance.choice((PROVINCE, NATION))
    process = city.instances[code].processes["web"]
    if process.is_running:
        os.killpg(process.pid, signal.SIGSTOP)
        time.sleep(chance.uniform(2, 8))
        os.killpg(process.pid, signal.SIGCONT)
    return f"web of {code} stopped and continued"


def _flush_redis(city: City, chance: random.Random) -> str:
    city.redis.kill()
    time.sleep(chance.uniform(0, 2))
    city.redis.start()
    return "Redis killed; an empty one in its place"


def _backup(city: City, chance: random.Random) -> str:
    code = chance.choice((CITY_A, CITY_B, PROVINCE, NATION))
    with _quiet(city, code):
        city.node(code).memory = city.world.memory[code].copy()
        city.world.backups.setdefault(code, []).append(city.node(code).backup())
    return f"backup {len(city.world.backups[code])} of {code}"


def _restore(city: City, chance: random.Random) -> str:
    """All processes of a node end; its database is put back; they start again."""
    kept = [code for code in city.world.backups if city.world.backups[code]]
    if not kept:
        return "nothing to restore"
    code = chance.choice(kept)
    number = chance.randrange(len(city.world.backups[code]))
    for process in city.instances[code].processes.values():
        process.end(signal.SIGKILL)
    with _quiet(city, code):
        chosen = city.world.backups[code][number]
        city.node(code).restore(chosen)
        city.world.memory[code] = chosen.memory.copy()
        city.world.restored.add(code)
        with _everywhere(city):
            city.world.truth.survive(city.world.alive())
    city.world.count("restore")
    if not code.endswith("-C"):
        city.start_web(code)
    if code != NATION:
        city.start_worker(code)
    return f"{code} put back to backup {number + 1} of {len(city.world.backups[code])}"


def _quiet(city: City, code: str) -> Any:
    """Nobody of a city writes meanwhile."""
    stack = ExitStack()
    for users in city.users:
        if users.node.code == code:
            stack.enter_context(users.gate)
    return stack


def _everywhere(city: City) -> Any:
    """Nobody of any other city writes meanwhile."""
    stack = ExitStack()
    for users in city.users:
        if not users.gate.locked():
            stack.enter_context(users.gate)
    return stack


# --- an episode


def episode(city: City, seed: int, seconds: float, say: Say) -> str:
    """Faults for so long, then rest and the verdict: what is broken, '' where nothing is."""
    chance = random.Random(seed)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        say(f"  {time.strftime('%H:%M:%S')} {act(city, chance)}")
        city.world.count("acts")
        time.sleep(chance.uniform(0, 2))
    gates = [users.gate for users in city.users]
    for gate in gates:
        gate.acquire()
    try:
        heal(city)
        return verdict(city)
    finally:
        for gate in gates:
            gate.release()


def heal(city: City) -> None:
    """The faults end, everything runs, people thaw what was frozen."""
    for proxy in city.lines.values():
        proxy.mode = "open"
    for code in (PROVINCE, NATION):
        if not city.is_running(code, "web"):
            city.start_web(code)
    for code in (CITY_A, CITY_B, PROVINCE):
        if city.is_running(code, "worker"):
            city.instances[code].kill("worker")
        city.start_worker(code)


def verdict(city: City) -> str:
    """Wait for rest, then check the invariants; '' where all hold."""
    end, moving = time.monotonic() + SETTLE_SECONDS, "?"
    while moving and time.monotonic() < end:
        for code in city.instances:
            city.node(code).raw.execute("UPDATE sync_link SET retry_at = NULL")
            city.node(code).raw.execute(
                "UPDATE sync_link SET state = 'live', frozen_reason = '' WHERE state = 'frozen'"
            )
        time.sleep(1)
        moving = resting.unrest(city.world)
    if moving:
        return f"I15: not at rest after {SETTLE_SECONDS} s: {moving}"
    try:
        checking.check(city.world, compares=False)
    except AssertionError as broken:
        return str(broken)
    for code in (PROVINCE, NATION):
        words = (CONTACT, PHONE, IDENTITY)
        if found := privacy.hits(city.node(code), words, [city.instances[code].folder]):
            return f"I13: {found[:3]}"
    return ""


def run_level_three(*, seed: int, seconds: float, folder: Path, say: Say, resume: bool) -> int:
    """Episodes of faults and rest until the time is used up. 1 where an invariant was broken."""
    totals = Totals.load(folder / "totals.json") if resume else Totals(next_seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with ExitStack() as stack:
        city = build(stack, totals.next_seed, folder)
        say(f"four nodes joined after {time.monotonic() - begun:.0f} s")
        for code in (CITY_A, CITY_B, PROVINCE):
            city.start_worker(code)
        for users in city.users:
            users.start()
            stack.callback(users.join, 10)
            stack.callback(users.done.set)
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            at = time.monotonic()
            before = dict(city.world.counts)
            left = max(10.0, min(EPISODE_SECONDS, seconds - (at - begun)))
            broken = episode(city, totals.next_seed, left, say)
            _count(totals, city, before, time.monotonic() - at, broken)
            totals.save(folder / "totals.json")
            say(_line(totals, city, broken))
            if broken:
                return 1
    return 0


def _count(totals: Totals, city: City, before: dict[str, int], seconds: float, broken: str) -> None:
    totals.runs += 1
    totals.seconds += seconds
    for name, attribute in (("acts", "acts"), ("acts", "faults"), ("restore", "restores")):
        grown = city.world.counts.get(name, 0) - before.get(name, 0)
        setattr(totals, attribute, getattr(totals, attribute) + grown)
    totals.conflicts = city.world.conflicts()
    if broken:
        totals.violations += 1
        totals.failed.append(totals.next_seed)
    totals.next_seed += 1


def _line(totals: Totals, city: City, broken: str) -> str:
    written = sum(users.written for users in city.users)
    hurt = sum(proxy.hurt for proxy in city.lines.values())
    return (
        f"{'✗ ' + broken if broken else '✓ every invariant held'} after episode {totals.next_seed - 1}: "
        f"{totals.seconds / 60:.1f} min, {totals.acts} acts, {hurt} connections hurt, {totals.restores} restores, "
        f"{written} writes, {totals.conflicts} conflicts kept, {totals.violations} violations"
    )
