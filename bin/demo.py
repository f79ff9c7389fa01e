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
import shutil
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
    ZHEJIANG,
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
SHOWN = 6
"""Sign-ins said per instance; the page of people shows all."""


class Stopped(Exception):
    """Someone wants the demo to end."""


def prepare(state: dict[str, Any], ports: dict[str, int]) -> None:
    """Make databases and fill them, as far as that was not done."""
    code, existing = fingerprint(), databases()
    if any(node.database not in existing for node in NODES):
        state.update(prepared={}, codes={}, joined=False, code=code)
        drop_databases()
        for node in NODES:
            shutil.rmtree(node.folder, ignore_errors=True)
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
        return node, run_commands(environment(node, ports), *commands, *enrolment_codes(node))

    missing = [node for node in reversed(NODES) if node.code not in state["prepared"]]
    if not missing:
        return
    with step("people, organisations, and two cities with a past of 60 days"):
        for node, results in in_parallel(one, missing):
            state["prepared"][node.code] = json.loads(results[1]["output"].splitlines()[-1])
            state["codes"].update(codes_of(results))
            save(state)
            times = ", ".join(f"{result['command']} {result['seconds']} s" for result in results)
            say(f"    {node.name}: {times}")


def in_parallel(work: Callable[[Node], Any], nodes: Any) -> list[Any]:
    """Do it for every node, as many at a time as there are processors (at least two)."""
    with concurrent.futures.ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
        return list(pool.map(work, nodes))


def load() -> dict[str, Any]:
    """What earlier starts did on this database server."""
    server = hashlib.sha256(database_url("").encode()).hexdigest()[:10]
    state: dict[str, Any] = json.loads(STATE.read_text()) if STATE.exists() else {}
    return state if state.get("server") == server else {"server": server}


def save(state: dict[str, Any]) -> None:
    """Keep what was done."""
    DEMO.mkdir(parents=True, exist_ok=True)
    making = STATE.with_suffix(".making")
    making.write_text(json.dumps(state, ensure_ascii=False, indent=1))
    making.rename(STATE)


def enrolment_codes(parent: Node) -> list[tuple[str, ...]]:
    """The commands that make a one-time code for each child of a node."""
    return [("enrolment_code", node.code) for node in NODES if node.parent == parent]


def codes_of(results: list[dict[str, Any]]) -> dict[str, str]:
    """Child to code, from what those commands printed."""
    made = [result for result in results if result["command"] == "enrolment_code"]
    return {result["arguments"][0]: result["output"].split()[-1] for result in made}


def join(state: dict[str, Any], ports: dict[str, int]) -> None:
    """Enrol each node with its parent: codes made at the parents, used at the children, approved at the parents."""
    if state["joined"]:
        return
    cities = [node for node in NODES if node.parent == ZHEJIANG]
    with step("浙江省 joins 国家, 杭州市 and 宁波市 join 浙江省"):
        for parent in (NATION, ZHEJIANG):
            if any(node.code not in state["codes"] for node in NODES if node.parent == parent):
                state["codes"].update(codes_of(run_commands(environment(parent, ports), *enrolment_codes(parent))))
        ask(ZHEJIANG, state["codes"], ports)
        # the province hands its cities the nation's key; nothing else here waits for anything else
        in_parallel(
            lambda node: approve(node, ports) if node == NATION else ask(node, state["codes"], ports), [*cities, NATION]
        )
        approve(ZHEJIANG, ports)
    state.update(joined=True, codes={})
    save(state)


def ask(child: Node, codes: dict[str, str], ports: dict[str, int]) -> None:
    """At the child: ask the parent to let it in."""
    assert child.parent is not None
    join_words = ("join", address(child.parent, ports))
    run_commands(environment(child, ports), join_words, given=codes[child.code])


def approve(parent: Node, ports: dict[str, int]) -> None:
    """At the parent: let in those who asked."""
    children = [node for node in NODES if node.parent == parent]
    run_commands(environment(parent, ports), *(("approve_join", child.code) for child in children))


def show(state: dict[str, Any], ports: dict[str, int]) -> None:
    """Addresses and sign-ins."""
    say()
    for node in NODES:
        people = state["prepared"][node.code]["people"]
        say(f"  {node.name:<4} {address(node, ports)}")
        say("       " + " · ".join(f"{person['username']} {person['name']}" for person in people[:SHOWN]))
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
        return 130 if is_check else 0
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
