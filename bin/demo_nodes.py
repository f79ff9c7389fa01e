"""The four instances of the demo: who they are, their settings, ports and databases; for ``bin/demo.py``."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import environ
import psycopg

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "var" / "demo"
PREFIX = "cityops_demo"
FIRST_PORT = 8000
PORT_STEP = 10
TEMPLATE_COMMANDS = (("migrate", "--verbosity", "0"), ("load_regions",), ("load_standard",), ("load_calendar",))
CODE = (
    "**/migrations/*.py",
    "**/permissions.py",
    "**/commands/*.py",
    "sync/standard/data/**/*",
    "requirements/data.txt",
)
"""What the contents of the databases depend on; where it changed, migrations and dictionaries are applied again."""
RUNNING: set[subprocess.Popen[str]] = set()
"""Scripts that run now; a signal ends them."""


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


class Failed(Exception):
    """A step did not do what it must; the text says which and why."""


def say(text: str = "") -> None:
    """One line for the person at the terminal; standard output is for the JSON of ``--check``."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Say a step with its time."""
    begun = time.monotonic()
    yield
    wide = sum(1 for letter in title if ord(letter) > 0x2E80)
    say(f"✓ {title:<{58 - wide}} {time.monotonic() - begun:>7.1f} s")


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
        "CITYOPS_DEMO": "true",
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


def run_commands(env: dict[str, str], *commands: tuple[str, ...], given: str = "") -> list[dict[str, Any]]:
    """Run management commands one after the other in one process; returns name, seconds and output of each.

    They read ``given`` as their standard input.
    """
    words: list[str] = []
    for command in commands:
        words += [*command, "--"]
    answer: list[dict[str, Any]] = run_script(env, "commands.py", *words, given=given)
    return answer


def run_script(env: dict[str, str], script: str, *words: str, given: str = "") -> Any:
    """Run a script of this folder to its end; returns its last line of output, read as JSON."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "bin" / script), *words],
        env=env,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    RUNNING.add(process)
    output, errors = process.communicate(given)
    RUNNING.discard(process)
    if process.returncode != 0:
        said = f"{output[-2000:]}\n{errors[-4000:]}".strip()
        raise Failed(f"{env['CITYOPS_NODE']}: {script} {' '.join(words)}\n{said}")
    return json.loads(output.splitlines()[-1])


def end_scripts() -> None:
    """End the scripts that still run, because someone wants to stop."""
    for process in list(RUNNING):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)


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


# --- databases


def database_url(name: str) -> str:
    """DATABASE_URL with another database."""
    head, _, query = os.environ["DATABASE_URL"].partition("?")
    return head.rsplit("/", 1)[0] + "/" + name + (f"?{query}" if query else "")


def connect(name: str = "postgres") -> psycopg.Connection[Any]:
    """An autocommit connection to a database, by default the server's own."""
    config = environ.Env.db_url_config(os.environ["DATABASE_URL"])
    keys = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    given = {key: str(config[name]) for key, name in keys.items() if config.get(name)}
    return psycopg.connect(dbname=name, autocommit=True, **given)  # type: ignore[arg-type]


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
