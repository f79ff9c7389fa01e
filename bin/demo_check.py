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
EQUAL_SECONDS = 120
CITIES = (HANGZHOU, NINGBO)
MUST_TRAVEL = ("JC02", "JC04", "JC07", "GL01")
"""Datasets that a city with a past has sent to both tiers above."""


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


def differences(held: dict[str, Holdings]) -> list[str]:
    """Where a node holds other records of an owner than the owner itself, or none of what must have travelled."""
    found = []
    for node, rows in held.items():
        for (owner, dataset), here in rows.items():
            own = held.get(owner, {}).get((owner, dataset))
            if own != here:
                theirs = f"{own.records} records, {own.digest[:12]}" if own else "none"
                found.append(f"{dataset} of {owner}: {node} {here.records}, {here.digest[:12]}; the owner {theirs}")
    for city in CITIES:
        for above in (city.parent, NATION):
            rows = held[above.code] if above else {}
            found += [
                f"{dataset} of {city.code}: nothing at {above.code if above else ''}"
                for dataset in MUST_TRAVEL
                if (city.code, dataset) in held[city.code] and (city.code, dataset) not in rows
            ]
    return found


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
    end = time.monotonic() + EQUAL_SECONDS
    with step("digests of all tiers"):
        while True:
            alive()
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                rows = list(pool.map(lambda node: holdings(node, ports), NODES))
            held = {node.code: row for node, row in zip(NODES, rows, strict=True)}
            wrong = differences(held)
            if not wrong or time.monotonic() > end:
                break
            time.sleep(2)
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
