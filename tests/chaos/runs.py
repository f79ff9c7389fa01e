"""Runs of level (ii): a schedule from a seed, faults, rest, verdict; many of them, counted, and taken up again."""

import json
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cityops.foundation.failpoints import disarm
from tests.chaos.nodes import Snapshot
from tests.chaos.schedules import schedule, shortened
from tests.chaos.wire import Network
from tests.chaos.world import Act, World

COMPARES_EVERY = 4
"""Runs of which one compares by the product's own digests, too; the rows are compared in all."""
VACUUM_EVERY = 50
"""Runs after which the tables of all nodes are cleaned: every run begins by deleting what the last one wrote."""


@dataclass
class Verdict:
    """What became of one run."""

    seed: int
    broken: str = ""
    rounds: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    history: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Totals:
    """All runs so far; kept in a file, so that a later call goes on."""

    next_seed: int = 0
    runs: int = 0
    seconds: float = 0.0
    acts: int = 0
    restores: int = 0
    conflicts: int = 0
    faults: int = 0
    violations: int = 0
    failed: list[int] = field(default_factory=list)
    most_rounds: int = 0

    def add(self, verdict: Verdict, seconds: float) -> None:
        """Count a run in."""
        self.runs += 1
        self.seconds += seconds
        self.acts += verdict.counts["acts"]
        self.restores += verdict.counts["restore"]
        self.conflicts += verdict.counts["conflicts"]
        self.faults += verdict.counts["faults"]
        self.most_rounds = max(self.most_rounds, verdict.rounds)
        if verdict.broken:
            self.violations += 1
            self.failed.append(verdict.seed)

    def save(self, path: Path) -> None:
        """Keep them."""
        path.parent.mkdir(parents=True, exist_ok=True)
        making = path.with_suffix(".making")
        making.write_text(json.dumps(asdict(self), indent=1))
        making.rename(path)

    @staticmethod
    def load(path: Path) -> "Totals":
        """Those of earlier calls; empty where there were none."""
        return Totals(**json.loads(path.read_text())) if path.exists() else Totals()


class Arena:
    """Joined nodes, on which one run after the other takes place, each from the same beginning."""

    def __init__(self, network: Network, backups: dict[str, Snapshot]) -> None:
        self.network, self.backups, self.runs = network, backups, 0

    def fresh(self, codes: tuple[str, ...]) -> World:
        """The world as it was when the nodes had just been joined."""
        self.network.reset()
        disarm()
        for code in codes:
            self.network.nodes[code].restore(self.backups[code])
        self.runs += 1
        if self.runs % VACUUM_EVERY == 0:
            for node in self.network.nodes.values():
                node.raw.execute("VACUUM")
        return World(self.network, codes)

    def run(self, seed: int, acts: list[Act] | None = None) -> Verdict:
        """One run; with ``acts`` in the place of those that follow from the seed."""
        profile, drawn = schedule(seed)
        return self.play(seed, profile.codes, drawn if acts is None else acts)

    def play(self, seed: int, codes: tuple[str, ...], acts: list[Act]) -> Verdict:
        """Play a schedule, heal, come to rest, check."""
        world, verdict = self.fresh(codes), Verdict(seed)

        def told(number: int, act: Act, outcome: str) -> None:
            verdict.history.append({"n": number, "act": act, "outcome": outcome})

        try:
            world.play(acts, told)
            verdict.rounds = world.finish(compares=seed % COMPARES_EVERY == 0)
        except AssertionError as broken:
            verdict.broken = str(broken)[:500] or repr(broken)
        except Exception as error:
            verdict.broken = f"{type(error).__name__}: {error}"[:500]
            verdict.history.append({"trace": traceback.format_exc()})
        verdict.counts.update(world.counts)
        verdict.counts["acts"] = len(acts)
        verdict.counts["conflicts"] = world.conflicts()
        verdict.counts["faults"] = sum(n for kind, n in self.network.seen.items() if kind != "none")
        verdict.counts["faults"] += world.counts.get("killed", 0)
        world.close()
        return verdict

    def shorten(self, seed: int) -> tuple[list[Act], str]:
        """The shortest schedule found that fails as the seed's does, and how it fails."""
        profile, acts = schedule(seed)
        broken = self.run(seed).broken.split(":")[0]
        if not broken:
            return acts, ""

        def fails(fewer: list[Act]) -> bool:
            return self.play(seed, profile.codes, fewer).broken.split(":")[0] == broken

        acts = shortened(acts, fails)
        return acts, self.play(seed, profile.codes, acts).broken


def run_for(
    arena: Arena, totals: Totals, *, seconds: float, folder: Path, say: Callable[[str], None], most: int = 0
) -> Totals:
    """Run seed after seed until the time is used up (or ``most`` runs are done); keep the history of failing ones."""
    begun, said, done = time.monotonic(), 0.0, 0
    while time.monotonic() - begun < seconds and not (most and done >= most):
        at, seed = time.monotonic(), totals.next_seed
        verdict = arena.run(seed)
        totals.next_seed, done = seed + 1, done + 1
        totals.add(verdict, time.monotonic() - at)
        if verdict.broken:
            keep_history(folder, verdict)
            say(f"✗ seed {seed}: {verdict.broken}")
        if time.monotonic() - said > 10:
            said = time.monotonic()
            say(line_of(totals))
            totals.save(folder / "totals.json")
    totals.save(folder / "totals.json")
    return totals


def keep_history(folder: Path, verdict: Verdict) -> Path:
    """Write the history of a run, one act a line."""
    path = folder / f"seed-{verdict.seed}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [*verdict.history, {"verdict": verdict.broken or "holds"}]
    path.write_text("".join(json.dumps(line, ensure_ascii=False, default=str) + "\n" for line in lines))
    return path


def line_of(totals: Totals) -> str:
    """The running verdict."""
    return (
        f"{totals.runs} runs ({totals.runs / max(totals.seconds, 0.001):.2f}/s, next seed {totals.next_seed}): "
        f"{totals.acts} acts, {totals.faults} faults, {totals.restores} restores, {totals.conflicts} conflicts kept, "
        f"at rest after at most {totals.most_rounds} rounds; {totals.violations} violations"
        + (f" (seeds {totals.failed[:10]})" if totals.failed else "")
    )
