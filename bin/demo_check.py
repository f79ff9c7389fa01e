"""A case made at 杭州 travels to 国家, and all tiers hold the same records; for ``bin/demo --check``."""

from __future__ import annotations

import concurrent.futures
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from demo_nodes import (
    HANGZHOU,
    NATION,
    NINGBO,
    NODES,
    ZHEJIANG,
    Failed,
    Node,
    connect,
    environment,
    run_commands,
    run_script,
    step,
)

TRAVEL_SECONDS = 300
"""For the case, with the history of two cities before it on the way."""
EQUAL_SECONDS = 600
"""For all that was made before: two cities' past upward, the nation's dictionaries downward."""
ATTEMPTS = 5
"""The cities live on while we compare: a case may have moved between two digests."""
CITIES = (HANGZHOU, NINGBO)
MUST_TRAVEL = ("JC02", "JC04", "JC07", "GL01")
"""Datasets that a city with a past sends to both tiers above."""
MUST_COME_DOWN = ("JC01", "JC08")
"""Dictionaries that every node has from the nation."""


@dataclass(frozen=True)
class Held:
    """What one node holds of one owner's dataset."""

    records: int
    digest: str


Holdings = dict[tuple[str, str], Held]
"""(owner, dataset) to what is held."""


def holdings(node: Node, ports: dict[str, int]) -> Holdings:
    """Ask a node for the digests of what it holds, computed from the rows as they are."""
    output = run_commands(environment(node, ports), ("digest", "--json"))[0]["output"]
    rows = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return {(row["owner"], row["dataset"]): Held(row["records"], row["digest"]) for row in rows}


def versions(node: Node) -> Holdings:
    """How many records, in how many versions, a node has numbered or received: cheap to ask while they travel."""
    with connect(node.database) as connection:
        rows = connection.execute(
            "SELECT owner_code, dataset, count(*), sum(rev) FROM sync_record GROUP BY owner_code, dataset"
        ).fetchall()
    return {(owner, dataset): Held(count, str(total)) for owner, dataset, count, total in rows}


def differences(held: dict[str, Holdings]) -> list[str]:
    """Where a node holds other records of an owner than the owner itself, or none of what must have travelled."""
    found = []
    for node, rows in held.items():
        for (owner, dataset), here in rows.items():
            own = held.get(owner, {}).get((owner, dataset))
            if own != here:
                theirs = f"{own.records} records, {own.digest[:12]}" if own else "none"
                found.append(f"{dataset} of {owner}: {node} {here.records}, {here.digest[:12]}; the owner {theirs}")
    due = [(city, dataset, above) for city in CITIES for dataset in MUST_TRAVEL for above in (ZHEJIANG, NATION)]
    due += [(NATION, dataset, below) for dataset in MUST_COME_DOWN for below in NODES]
    found += [
        f"{dataset} of {owner.code}: nothing at {there.code}"
        for owner, dataset, there in due
        if (owner.code, dataset) not in held[there.code]
    ]
    return found


def wait_until_settled(alive: Callable[[], None]) -> None:
    """Until every tier has as many records and versions of everything as its owner; or until time is up."""
    end = time.monotonic() + EQUAL_SECONDS
    while time.monotonic() < end and differences({node.code: versions(node) for node in NODES}):
        alive()
        time.sleep(1)


def wait_for_case(case: dict[str, Any], alive: Callable[[], None]) -> None:
    """Until the nation's database holds the case."""
    end = time.monotonic() + TRAVEL_SECONDS
    with connect(NATION.database) as connection:
        while not connection.execute(f'SELECT 1 FROM "{case["table"]}" WHERE rid = %s', [case["rid"]]).fetchone():
            alive()
            if time.monotonic() > end:
                raise Failed(f"The case {case['case_no']} did not reach {NATION.name} within {TRAVEL_SECONDS} s.")
            time.sleep(0.2)


def check(ports: dict[str, int], begun: float, alive: Callable[[], None]) -> bool:
    """Let the case travel, compare, print one JSON line per node and one with the result. True if all are equal."""
    with step("a case reported at 杭州"):
        case = run_script(environment(HANGZHOU, ports), "demo_case.py")
    travelling = time.monotonic()
    with step(f"{case['case_no']} travels to 国家"):
        wait_for_case(case, alive)
    travelled = time.monotonic() - travelling
    with step("everything made before travels, too"):
        wait_until_settled(alive)
    with step("digests of all tiers"):
        for _attempt in range(ATTEMPTS):
            alive()
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                rows = list(pool.map(lambda node: holdings(node, ports), NODES))
            held = {node.code: row for node, row in zip(NODES, rows, strict=True)}
            wrong = differences(held)
            if not wrong:
                break
            wait_until_settled(alive)
    for node in NODES:
        mine = held[node.code]
        tell(
            node=node.code,
            name=node.name,
            records=sum(row.records for row in mine.values()),
            digests={f"{owner} {dataset}": row.digest for (owner, dataset), row in sorted(mine.items())},
        )
    tell(
        result="different" if wrong else "equal",
        case_no=case["case_no"],
        travel_seconds=round(travelled, 1),
        seconds=round(time.time() - begun, 1),
        differences=wrong,
    )
    return not wrong


def tell(**facts: object) -> None:
    """One JSON line on standard output."""
    print(json.dumps(facts, ensure_ascii=False), file=sys.stdout, flush=True)
