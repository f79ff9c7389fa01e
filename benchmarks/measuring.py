"""Measuring: CPU time of everything that takes part, in interleaved rounds, reported as medians.

CPU seconds are what counts: rates vary two- or threefold within minutes on a machine that others use, CPU does not.
Counted are the measuring process, the processes of an instance with all their threads, its database connections and
its Redis. Background work of PostgreSQL (WAL writer, checkpointer, autovacuum) is left out on both sides.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg


def cpu_of(pid: int) -> int:
    """CPU time of a process with all its threads so far, in nanoseconds; 0 for one that has gone."""
    total = 0
    try:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            total += int((thread / "schedstat").read_text().split()[0])
    except OSError:
        return total
    return total


def with_children(pid: int) -> list[int]:
    """A process and everything that it started."""
    found, fresh = [pid], [pid]
    while fresh:
        fresh = [int(child) for parent in fresh for child in _children(parent)]
        found += fresh
    return found


def _children(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []


def backends(connection: psycopg.Connection[Any], *databases: str) -> list[int]:
    """Process ids of the database connections to ``databases``."""
    rows = connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = ANY(%s)", [list(databases)])
    return [pid for (pid,) in rows]


Pids = Callable[[], Iterable[int]]


@dataclass
class Cost:
    """What one thing cost, round by round."""

    cpu_us: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    count: int = 0

    @property
    def rate(self) -> float:
        """Units a second, of the median round."""
        return self.count / statistics.median(self.seconds)


class Meter:
    """Measures several ways of doing the same, in turn."""

    def __init__(self, pids: Pids) -> None:
        """``pids`` says whose CPU counts; asked before and after each measurement, so that new ones are in it."""
        self._pids = pids
        self.costs: dict[str, Cost] = {}

    def measure(self, name: str, count: int, work: Callable[[], object], *, is_own: bool = True) -> None:
        """Do the work once; ``count`` units are done by it. ``is_own`` False where this process only asks a server."""
        before = self._read()
        begun = time.perf_counter()
        work()
        seconds = time.perf_counter() - begun
        spent = sum(used - before.get(pid, 0) for pid, used in self._read().items() if is_own or pid != os.getpid())
        cost = self.costs.setdefault(name, Cost())
        cost.count = count
        cost.seconds.append(seconds)
        cost.cpu_us.append(spent / 1000 / count)

    def _read(self) -> dict[int, int]:
        return {pid: cpu_of(pid) for pid in {os.getpid(), *self._pids()}}

    def line(self, job: str, name: str, limit: str, unit: str, **more: Any) -> dict[str, Any]:
        """One line of the report: medians, and the median of the ratios of each round."""
        ours, best = self.costs[name], self.costs[limit]
        return {
            "job": job,
            "way": name,
            "n": ours.count,
            "unit": unit,
            "cpu_us": round(statistics.median(ours.cpu_us), 1),
            "limit_cpu_us": round(statistics.median(best.cpu_us), 1),
            "ratio_to_limit": round(statistics.median(_ratios(ours.cpu_us, best.cpu_us)), 2),
            "per_second": round(ours.rate, 1),
            "limit_per_second": round(best.rate, 1),
            "rounds": len(ours.cpu_us),
            **more,
        }


def _ratios(ours: list[float], limit: list[float]) -> Iterator[float]:
    return (one / other for one, other in zip(ours, limit, strict=True) if other)


def peak_rss_mb(pids: Iterable[int]) -> int:
    """The highest resident memory that any of the processes had, in MB."""
    peaks = [0]
    for pid in pids:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        peaks += [int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM")]
    return max(peaks)


def report(run: Callable[[int, int], Iterator[dict[str, Any]]]) -> None:
    """Run a job as its own program: ``python -m benchmarks.JOB [N [ROUNDS]]``; N 0 is the job's own size."""
    given = [int(argument) for argument in sys.argv[1:]]
    for line in run(given[0] if given else 0, given[1] if len(given) > 1 else 5):
        print(json.dumps(line, ensure_ascii=False), flush=True)
