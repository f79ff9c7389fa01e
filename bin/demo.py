"""Four joined instances on one machine; ``bin/demo`` installs what this needs and calls it.

Each step is said with its time. What was done stays: a second start takes seconds. All that it makes lies in
``var/demo`` and in databases named ``cityops_demo_*``.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import hashlib
import json
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import environ
import psycopg

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "var" / "demo"
STATE = DEMO / "state.json"
PREFIX = "cityops_demo"
FIRST_PORT = 8000
PORT_STEP = 10
START_SECONDS = 120
TRAVEL_SECONDS = 240
TEMPLATE_COMMANDS = (("migrate", "--verbosity", "0"), ("load_regions",), ("load_standard",), ("load_calendar",))
CODE = (
    "**/migrations/*.py",
    "**/permissions.py",
    "**/commands/*.py",
    "sync/standard/data/**/*",
    "requirements/data.txt",
)
"""What the contents of the databases depend on; where it changed, migrations and dictionaries are applied again."""


@dataclass(frozen=True)
class Node:
    """One instance of the demo."""

    code: str
    tier: str
    name: str
    parent: Node | None = None

    @property
    def region(self) -> str:
        """Its division, 12 digits."""
        return self.code.split("-")[0]

    @property
    def database(self) -> str:
        """Name of its database."""
        return f"{PREFIX}_{self.code.replace('-', '_').lower()}"

    @property
    def folder(self) -> Path:
        """Its keys, logs and settings."""
        return DEMO / self.code


NATION = Node("000000000000-N", "national", "国家")
ZHEJIANG = Node("330000000000-P", "provincial", "浙江省", NATION)
HANGZHOU = Node("330100000000-C", "municipal", "杭州市", ZHEJIANG)
NINGBO = Node("330200000000-C", "municipal", "宁波市", ZHEJIANG)
NODES = (NATION, ZHEJIANG, HANGZHOU, NINGBO)


class Stopped(Exception):
    """Someone wants the demo to end."""


class Failed(Exception):
    """A step did not do what it must; the text says which and why."""


def say(text: str = "") -> None:
    """One line for the person at the terminal; standard output is for the JSON of ``--check``."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Say a step with its time."""
    begun = time.monotonic()
    yield
    wide = sum(1 for letter in title if ord(letter) > 0x2E80)
    say(f"✓ {title:<{58 - wide}} {time.monotonic() - begun:>7.1f} s")


# --- databases


def database_url(name: str) -> str:
    """DATABASE_URL with another database."""
    head, _, query = os.environ["DATABASE_URL"].partition("?")
    return head.rsplit("/", 1)[0] + "/" + name + (f"?{query}" if query else "")


def connect() -> psycopg.Connection[Any]:
    """An autocommit connection to the server's own database."""
    config = environ.Env.db_url_config(os.environ["DATABASE_URL"])
    keys = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    given = {key: str(config[name]) for key, name in keys.items() if config.get(name)}
    return psycopg.connect(dbname="postgres", autocommit=True, **given)  # type: ignore[arg-type]


def databases() -> set[str]:
    """Names of the demo's databases that exist."""
    with connect() as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        return {row[0] for row in rows}


def drop_databases() -> None:
    """Throw away everything of the demo that lies in the database server."""
    names = databases()
    with connect() as connection:
        for name in names:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def fingerprint() -> str:
    """Short digest of what the databases are made from."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in CODE for path in ROOT.glob(pattern) if path.is_file()}):
        place = path.relative_to(ROOT)
        if place.parts[0] not in {"var", "node_modules"} and path.suffix != ".pyc":
            digest.update(str(place).encode() + path.read_bytes())
    return digest.hexdigest()[:10]


def make_template() -> str:
    """The database that all four are cloned from; returns its name."""
    name = f"{PREFIX}_template"
    with connect() as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    env = {**environment(NATION, {}), "DATABASE_URL": database_url(name)}
    run_commands(env, *TEMPLATE_COMMANDS)
    return name


def clone(template: str, nodes: list[Node]) -> None:
    """Give each node a copy of the template, then drop the template."""
    with connect() as connection:
        for node in nodes:
            connection.execute(f'CREATE DATABASE "{node.database}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        connection.execute(f'DROP DATABASE "{template}" WITH (FORCE)')


# --- instances


def environment(node: Node, ports: dict[str, int]) -> dict[str, str]:
    """The environment of one instance's processes."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CITYOPS_", "DJANGO_", "SYNC_"))}
    return {**kept, **settings(node, ports)}


def settings(node: Node, ports: dict[str, int]) -> dict[str, str]:
    """What makes an instance this one."""
    return {
        "DJANGO_SETTINGS_MODULE": "cityops.settings.development",
        "PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}",
        "CITYOPS_TIER": node.tier,
        "CITYOPS_REGION": node.region,
        "CITYOPS_NODE": node.code,
        "CITYOPS_NAME": node.name,
        "CITYOPS_BASE_URL": address(node, ports),
        "CITYOPS_SECRET_KEY": secret(),
        "CITYOPS_SIMULATED": "true",
        "CITYOPS_VAR": str(node.folder),
        "DATABASE_URL": database_url(node.database),
        "REDIS_URL": os.environ["REDIS_URL"],
        "SYNC_TICK_SECONDS": "3",
    }


def address(node: Node, ports: dict[str, int]) -> str:
    """Where a node answers."""
    return f"http://127.0.0.1:{ports.get(node.code, FIRST_PORT)}"


def secret() -> str:
    """A key for signing cookies, made at the first start and kept beside the demo."""
    path = DEMO / "secret-key"
    if not path.exists():
        DEMO.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
    return path.read_text()


def run_commands(env: dict[str, str], *commands: tuple[str, ...]) -> list[dict[str, Any]]:
    """Run management commands one after the other in one process; returns name, seconds and output of each."""
    words: list[str] = []
    for command in commands:
        words += [*command, "--"]
    done = subprocess.run(
        [sys.executable, str(ROOT / "bin" / "commands.py"), *words],
        env=env, cwd=ROOT, capture_output=True, text=True, check=False, start_new_session=True,
    )  # fmt: skip
    if done.returncode != 0:
        raise Failed(f"{env['CITYOPS_NODE']}: {' '.join(words)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    answer: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return answer


def choose_ports(state: dict[str, Any]) -> dict[str, int]:
    """Four ports: those of the last start (peers know them), else the first free row of 8000–8003, 8010–8013, …

    Raises Failed where a port of a joined demo is taken by somebody else.
    """
    if ports := state.get("ports"):
        taken = [port for port in ports.values() if not is_free(port)]
        if taken:
            raise Failed(
                f"Port {', '.join(map(str, taken))} is taken. The instances know each other by their addresses: end "
                "what listens there, or run ./bin/demo --fresh to begin anew on free ports."
            )
        return dict(ports)
    for first in range(FIRST_PORT, FIRST_PORT + 100 * PORT_STEP, PORT_STEP):
        row = {node.code: first + number for number, node in enumerate(NODES)}
        if all(is_free(port) for port in row.values()):
            if first != FIRST_PORT:
                say(f"  Ports {FIRST_PORT}–{FIRST_PORT + 3} are not all free; using {first}–{first + 3}.")
            return row
    raise Failed("No four free ports found.")


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


# --- preparing


def prepare(state: dict[str, Any], ports: dict[str, int]) -> None:
    """Make databases and fill them, as far as that was not done."""
    code, existing = fingerprint(), databases()
    if any(node.database not in existing for node in NODES):
        state.update(prepared={}, joined=[], code=code)
        for name in existing:
            with connect() as connection:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
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


# --- running


class Supervisor:
    """honcho with a web server and a worker per instance, in a session of its own."""

    def __init__(self, ports: dict[str, int]) -> None:
        self.ports = ports
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Write the Procfile and start everything."""
        lines = [line for node in NODES for line in self._lines(node)]
        procfile = DEMO / "Procfile"
        procfile.write_text("\n".join(lines) + "\n")
        command = [sys.executable, "-m", "honcho", "start", "-f", str(procfile), "-d", str(ROOT), "-e", os.devnull]
        with (DEMO / "honcho.log").open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=ROOT,
                                            start_new_session=True)  # fmt: skip

    def _lines(self, node: Node) -> list[str]:
        node.folder.mkdir(parents=True, exist_ok=True)
        file = node.folder / "env"
        values = settings(node, self.ports)
        file.write_text("".join(f"{key}={shlex.quote(value)}\n" for key, value in values.items()))
        file.chmod(0o600)
        bins, short = Path(sys.executable).parent, node.code.lower()
        web = (
            f"{bins}/gunicorn cityops.wsgi --bind 127.0.0.1:{self.ports[node.code]} --workers 1 --threads 8 "
            "--no-control-socket --worker-tmp-dir /tmp --timeout 120"
        )
        worker = (
            f"{bins}/celery -A cityops.celery worker -P threads -c 4 -B --without-gossip --without-mingle "
            f"-n {short}@localhost --schedule {shlex.quote(str(node.folder / 'beat'))} --loglevel INFO"
        )
        before = f"set -a; . {shlex.quote(str(file))}; set +a; exec"
        return [
            f"{short}-{kind}: {before} {command} >>{shlex.quote(str(node.folder / kind))}.log 2>&1"
            for kind, command in (("web", web), ("worker", worker))
        ]

    def check(self) -> None:
        """Raise Failed where one of the processes ended (then honcho ends all)."""
        if self.process is not None and self.process.poll() is not None:
            raise Failed(f"An instance ended:\n{tail(DEMO / 'honcho.log')}\nLogs: {DEMO}/*/web.log, worker.log")

    def wait_until_up(self) -> None:
        """Until every instance answers that it can serve."""
        end = time.monotonic() + START_SECONDS
        for node in NODES:
            while not answers(f"{address(node, self.ports)}/readyz"):
                self.check()
                if time.monotonic() > end:
                    raise Failed(f"{node.name} does not answer.\n{tail(node.folder / 'web.log')}")
                time.sleep(0.2)

    def stop(self) -> None:
        """End all processes."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def answers(url: str) -> bool:
    """Whether an address answers with 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 (loopback)
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def tail(path: Path, count: int = 20) -> str:
    """The last lines of a log."""
    return "\n".join(path.read_text(errors="replace").splitlines()[-count:]) if path.exists() else ""


def join(state: dict[str, Any], ports: dict[str, int]) -> None:
    """Enrol each node with its parent, top down: code from the parent, used at the child, approved at the parent."""
    for node in NODES:
        if node.parent is None or node.code in state["joined"]:
            continue
        parent = environment(node.parent, ports)
        with step(f"{node.name} joins {node.parent.name}"):
            code = run_commands(parent, ("enrolment_code", node.code))[0]["output"].split()[-1]
            run_commands(environment(node, ports), ("join", address(node.parent, ports), code))
            run_commands(parent, ("approve_join", node.code))
        state["joined"].append(node.code)
        save(state)


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
            return 0
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
