"""Four joined instances on one machine; ``bin/demo`` installs what this needs and calls it.

Each step is said with its time. What was done stays: a second start takes seconds. All that it makes lies in
``var/demo`` and in databases named ``cityops_demo_*``.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import hashlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from demo_check import check
from demo_nodes import (
    DEMO,
    NATION,
    NODES,
    TEMPLATE_COMMANDS,
    Failed,
    Node,
    address,
    choose_ports,
    clone,
    database_url,
    databases,
    drop_databases,
    end_scripts,
    environment,
    fingerprint,
    make_template,
    run_commands,
    say,
    step,
)
from demo_supervisor import Supervisor

STATE = DEMO / "state.json"


class Stopped(Exception):
    """Someone wants the demo to end."""


def prepare(state: dict[str, Any], ports: dict[str, int]) -> None:
    """Make databases and fill them, as far as that was not done."""
    code, existing = fingerprint(), databases()
    if any(node.database not in existing for node in NODES):
        state.update(prepared={}, joined=[], code=code)
        drop_databases()
        with step("template database: tables, divisions, standard, calendar"):
            template = make_template()
        with step("four databases from it"):
            clone(template, list(NODES))
        save(state)
    elif state.get("code") != code:
        with step("migrations and dictionaries of the changed code"):
            in_parallel(lambda node: run_commands(environment(node, ports), *TEMPLATE_COMMANDS), NODES)
        state["code"] = code
        save(state)
    fill(state, ports)


def fill(state: dict[str, Any], ports: dict[str, int]) -> None:
    """People and organisations everywhere, a simulated past in the cities; two nodes at a time."""

    def one(node: Node) -> tuple[Node, list[dict[str, Any]]]:
        commands: list[tuple[str, ...]] = [("node_init",), ("seed_demo", "--json")]
        if node.tier == "municipal":
            commands.append(("simulate",))
        return node, run_commands(environment(node, ports), *commands)

    missing = [node for node in reversed(NODES) if node.code not in state["prepared"]]
    if not missing:
        return
    with step("people, organisations, and two cities with a past of 60 days"):
        for node, results in in_parallel(one, missing):
            state["prepared"][node.code] = json.loads(results[1]["output"].splitlines()[-1])
            save(state)
            for result in results:
                say(f"    {node.name} {result['command']}: {result['seconds']} s")


def in_parallel(work: Callable[[Node], Any], nodes: Any) -> list[Any]:
    """Do it for every node, as many at a time as there are processors (at least two)."""
    with concurrent.futures.ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
        return list(pool.map(work, nodes))


def load() -> dict[str, Any]:
    """What earlier starts did on this database server."""
    server = hashlib.sha256(database_url("").encode()).hexdigest()[:10]
    state: dict[str, Any] = json.loads(STATE.read_text()) if STATE.exists() else {}
    return state if state.get("server") == server else {"server": server, "prepared": {}, "joined": []}


def save(state: dict[str, Any]) -> None:
    """Keep what was done."""
    DEMO.mkdir(parents=True, exist_ok=True)
    making = STATE.with_suffix(".making")
    making.write_text(json.dumps(state, ensure_ascii=False, indent=1))
    making.rename(STATE)


def join(state: dict[str, Any], ports: dict[str, int]) -> None:
    """Enrol each node with its parent: codes made at the parents, used at the children, approved at the parents."""
    children = [node for node in NODES if node.parent and node.code not in state["joined"]]
    if not children:
        return
    families = {node: [child for child in children if child.parent == node] for node in NODES}
    parents = [node for node in NODES if families[node]]

    def at_parent(command: str) -> Callable[[Node], dict[str, str]]:
        def do(parent: Node) -> dict[str, str]:
            family = families[parent]
            done = run_commands(environment(parent, ports), *((command, child.code) for child in family))
            return {child.code: one["output"] for child, one in zip(family, done, strict=True)}

        return do

    with step(f"{'、'.join(child.name for child in children)} join their parents"):
        codes = {child: text.split()[-1] for made in in_parallel(at_parent("enrolment_code"), parents)
                 for child, text in made.items()}  # fmt: skip
        for generation in (parents[:1], parents[1:]) if len(parents) > 1 else (parents,):
            family = [child for parent in generation for child in families[parent]]
            in_parallel(lambda child: ask(child, codes[child.code], ports), family)
            in_parallel(at_parent("approve_join"), generation)
    state["joined"] = [node.code for node in NODES if node.parent]
    save(state)


def ask(child: Node, code: str, ports: dict[str, int]) -> None:
    """Ask the parent to let a child in."""
    assert child.parent is not None
    run_commands(environment(child, ports), ("join", address(child.parent, ports), code))


def show(state: dict[str, Any], ports: dict[str, int]) -> None:
    """Addresses and sign-ins."""
    say()
    for node in NODES:
        say(f"  {node.name}  {address(node, ports)}")
        for person in state["prepared"][node.code]["people"]:
            say(f"      {person['username']:<14} {person['name']}")
    say(f"\n  Password of all: {state['prepared'][NATION.code]['password']}")
    say("  A command at an instance: bin/manage 330100000000-C COMMAND · logs: var/demo/*/*.log")
    say("  Ctrl-C stops everything.\n")


def wait_for_stop(supervisor: Supervisor) -> None:
    """Stay until a signal, or until a process fails."""
    while True:
        supervisor.check()
        time.sleep(1)


def on_signal(_number: int, _frame: FrameType | None) -> None:
    """End in an orderly way; further signals wait."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end_scripts()
    raise Stopped


def run(*, is_check: bool, is_fresh: bool) -> int:
    """All of it; returns the exit status."""
    begun = float(os.environ.get("CITYOPS_DEMO_BEGUN", time.time()))
    if is_fresh:
        drop_databases()
        STATE.unlink(missing_ok=True)
    state = load()
    ports = choose_ports(state)
    supervisor = Supervisor(ports)
    try:
        prepare(state, ports)
        state["ports"] = ports
        save(state)
        with step("web server and worker of four instances"):
            supervisor.start()
            supervisor.wait_until_up()
        join(state, ports)
        say(f"✓ up {time.time() - begun:.1f} s after the start")
        if is_check:
            return 0 if check(ports, begun, supervisor.check) else 1
        show(state, ports)
        wait_for_stop(supervisor)
    except Stopped:
        say("\n  Stopping …")
    finally:
        supervisor.stop()
    return 0


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="bin/demo", description="Four joined instances on this machine.")
    parser.add_argument("--check", action="store_true", help="start, let a case travel, compare all tiers, stop")
    parser.add_argument("--fresh", action="store_true", help="throw the demo's databases away first")
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    try:
        code = run(is_check=arguments.check, is_fresh=arguments.fresh)
    except Stopped:
        code = 130
    except Failed as failed:
        say(f"✗ {failed}")
        code = 1
    sys.exit(code)


if __name__ == "__main__":
    main()
