"""The drill of a restore: a backup under load, started elsewhere, compared record by record; for ``bin/restore-drill``.

What was committed before the end of the backup (by the position in the write-ahead log) must be in the copy, with the
same digest as in the original; what was committed after it must not.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.exchange import write_cases
from tests.chain import PLACES, chain
from tests.launcher import Instance, PrivateRedis, free_port, wait_for

CASES = 20_000
AT_ONCE = 20
"""Cases of one transaction of the load."""
LEAVES = """
import json
from django.db import connection, transaction
from cityops.foundation.records import registry
from sync.exchange.services import digests
with transaction.atomic(), connection.cursor() as cursor:
    digests.begin_snapshot(cursor)
    found = {}
    for owner, dataset in digests.owners_and_datasets():
        leaves = digests.leaves(cursor, registry.get(dataset), owner, list(range(65536)))
        found[owner + " " + dataset] = {rid: leaf[3] for rid, leaf in leaves.items()}
with open(%r, "w") as file:
    json.dump(found, file)
"""
Leaves = dict[str, dict[str, str]]


@dataclass
class Load:
    """Cases written all the time, each transaction with the positions of the log before and after it."""

    city: Instance
    commits: list[tuple[int, int, int]] = field(default_factory=list)
    """(number of the transaction, position before, position after)"""
    error: str = ""

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)

    def _write(self) -> None:
        number = 1000
        try:
            with self.city.connect() as connection:
                while not self._stop.is_set():
                    before = position(connection)
                    write_cases(connection, AT_ONCE, number)
                    self.commits.append((number, before, position(connection)))
                    number += 1
                    time.sleep(0.05)
        except psycopg.Error as error:
            self.error = str(error)

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)


def position(connection: psycopg.Connection[Any]) -> int:
    """Where the write-ahead log stands, in bytes."""
    row = connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0'").fetchone()
    return int(row[0]) if row else 0


def say(text: str) -> None:
    """One line for the person at the terminal; standard output is for the JSON."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(title: str, times: dict[str, float], name: str) -> Iterator[None]:
    """Say what is done, and keep how long it took."""
    begun = time.perf_counter()
    yield
    times[name] = round(time.perf_counter() - begun, 2)
    say(f"✓ {title:<58} {times[name]:>7.1f} s")


def as_server(*command: str) -> None:
    """Run a command of PostgreSQL as the user that the server runs as."""
    runner = ["runuser", "-u", os.environ["SERVICE_USER"], "--"] if os.getuid() == 0 else []
    done = subprocess.run([*runner, *command], cwd="/", capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr or done.stdout}")


def back_up(home: Path, copy: Path) -> int:
    """Copy the running cluster. Returns the position at which the copy is consistent."""
    binary = Path(os.environ["PG_BIN"])
    as_server(
        str(binary / "pg_basebackup"), "-h", str(home / "sock"), "-U", "postgres", "-D", str(copy), "-X", "stream",
        "-c", "fast", "--no-sync",
    )  # fmt: skip
    as_server(str(binary / "pg_verifybackup"), "-q", str(copy))
    manifest = json.loads((copy / "backup_manifest").read_text())
    high, low = manifest["WAL-Ranges"][-1]["End-LSN"].split("/")
    return (int(high, 16) << 32) + int(low, 16)


def socket_of(home: Path) -> Path:
    """Where the copy listens."""
    return home / "copysock"


def start_copy(home: Path, copy: Path) -> None:
    """Start the copy as a server of its own: it recovers to the end of the backup by itself."""
    options = (
        f"-c listen_addresses= -c unix_socket_directories={socket_of(home)} -c jit=off "
        "-c shared_buffers=128MB -c fsync=off -c timezone=UTC -c max_connections=100"
    )
    as_server("mkdir", "-p", str(socket_of(home)))
    binary = Path(os.environ["PG_BIN"])
    as_server(
        str(binary / "pg_ctl"), "-D", str(copy), "-w", "-s", "-t", "300", "-l", f"{copy}.log", "-o", options, "start"
    )


def stop_copy(copy: Path) -> None:
    """End the copy."""
    with contextlib.suppress(RuntimeError):
        as_server(str(Path(os.environ["PG_BIN"]) / "pg_ctl"), "-D", str(copy), "-w", "-m", "fast", "stop")


class Restored(Instance):
    """The city as it stands in the copy: the same node and keys, another server, another port."""

    def __init__(self, city: Instance, home: Path) -> None:
        super().__init__(city.tier, city.region, city.node, name=city.name)
        shutil.rmtree(self.folder)
        self.folder, self.database, self._is_created = city.folder, city.database, True
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        url = city.env["DATABASE_URL"].replace(f"{home}/sock/", f"{socket_of(home)}/")
        if url == city.env["DATABASE_URL"]:
            raise RuntimeError("The copy would be the original.")
        self.env = {**city.env, "DATABASE_URL": url, "CITYOPS_BASE_URL": self.base_url}

    def stop(self) -> None:
        """End its processes; the database goes with the copy."""
        for process in self.processes.values():
            process.end()


def leaves(instance: Instance, path: Path) -> Leaves:
    """The digest of every record that an instance holds, from the rows as they are."""
    instance.manage("shell", "-c", LEAVES % str(path))
    found: Leaves = json.loads(path.read_text())
    return found


def rids_of(city: Instance, numbers: list[int]) -> set[str]:
    """The records of some transactions of the load."""
    with city.connect() as connection:
        rows = connection.execute(
            "SELECT md5(k::text || ' ' || n)::uuid::text FROM unnest(%s::int[]) k, generate_series(1, %s) n",
            [numbers, AT_ONCE],
        )
        return {rid for (rid,) in rows}


def compare(original: Leaves, restored: Leaves, must: set[str], must_not: set[str]) -> dict[str, Any]:
    """What is missing, changed or too much in the copy."""
    there = {rid for rows in restored.values() for rid in rows}
    changed = [
        rid
        for kind, rows in restored.items()
        for rid, digest in rows.items()
        if original.get(kind, {}).get(rid) != digest
    ]
    return {
        "records": len(there),
        "lost": len(must - there),
        "changed": len(changed),
        "too_much": len(there & must_not),
        "after_the_backup": sum(len(rows) for rows in original.values()) - len(there),
    }


def drill(cases: int) -> dict[str, Any]:
    """The whole of it."""
    home = Path(os.environ["DRILL_HOME"])
    times: dict[str, float] = {}
    copy, scratch = home / "copy", Path(os.environ["CITYOPS_VAR"])
    stop_copy(copy)
    shutil.rmtree(copy, ignore_errors=True)
    with PrivateRedis() as redis, chain(PLACES[1:], redis=redis, upper=redis) as (_province, city):
        with step(f"{cases:,} cases, numbered and sent", times, "fill_seconds"):
            with city.connect() as connection:
                write_cases(connection, cases, 1)
            city.manage("sync_run", seconds=1800)
        city.start_web()
        city.start_worker(1)
        with Load(city) as load:
            wait_for("the load", lambda: load.commits or load.error)
            with step("pg_basebackup under load, verified", times, "backup_seconds"):
                end = back_up(home, copy)
            time.sleep(2)
        if load.error:
            raise RuntimeError(load.error)
        city.processes["worker"].end()
        city.manage("sync_run", seconds=600)
        begun = time.perf_counter()
        with step("the copy starts elsewhere and recovers", times, "database_up_seconds"):
            start_copy(home, copy)
        try:
            with Restored(city, home) as restored:
                with step("the city's web server answers from the copy", times, "web_up_seconds"):
                    restored.start_web()
                rto = round(time.perf_counter() - begun, 2)
                with step("digests of both", times, "compare_seconds"):
                    mine, theirs = leaves(city, scratch / "original.json"), leaves(restored, scratch / "copy.json")
        finally:
            stop_copy(copy)
            shutil.rmtree(copy, ignore_errors=True)
        before = rids_of(city, [number for number, _, after in load.commits if after <= end])
        later = rids_of(city, [number for number, first, _ in load.commits if first >= end])
        filled = rids_before(cases, city)
    found = compare(mine, theirs, before | filled, later)
    is_good = not (found["lost"] or found["changed"] or found["too_much"]) and bool(before) and bool(later)
    return {
        "result": "equal" if is_good else "different",
        "commits_during_backup": len(load.commits),
        "rto_seconds": rto,
        **found,
        **times,
    }


def rids_before(cases: int, city: Instance) -> set[str]:
    """The records that were there before the load."""
    with city.connect() as connection:
        rows = connection.execute("SELECT md5('1 ' || n)::uuid::text FROM generate_series(1, %s) n", [cases])
        return {rid for (rid,) in rows}


def main() -> int:
    """Run the drill; print its result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES, help="cases before the load")
    result = drill(parser.parse_args().cases)
    print(json.dumps(result, ensure_ascii=False), flush=True)
    return 0 if result["result"] == "equal" else 1


if __name__ == "__main__":
    sys.exit(main())
