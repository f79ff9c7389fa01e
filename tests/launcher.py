"""Starts real instances on loopback: an own database each, gunicorn, a Celery worker, a Redis of their own.

For ``tests/flows`` and ``benchmarks``. Every process is started, killed and restarted by its own process id::

    with PrivateRedis() as redis, Instance("municipal", "330100000000", "330100000000-C", redis=redis) as city:
        city.manage("node_init")
        city.start_web()
        city.start_worker()
        city.kill("worker")
        city.start_worker()

Databases are cloned from a template (migrated, dictionaries loaded) that is made once per state of the code.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import IO, Any, Self

import environ
import psycopg

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE_COMMANDS: tuple[tuple[str, ...], ...] = (("load_regions",), ("load_standard",), ("load_calendar",))
SOURCE_FOLDERS = ("platform", "tiers", "grid", "sync", "evaluation")
TEMPLATE_SOURCES = (
    *(f"{folder}/**/migrations/*.py" for folder in SOURCE_FOLDERS),
    *(f"{folder}/**/permissions.py" for folder in SOURCE_FOLDERS),
    *(f"{folder}/**/management/commands/load_*.py" for folder in SOURCE_FOLDERS),
    "platform/cityops/accounts/*.py",
    "platform/cityops/regions/**/*",
    "sync/standard/**/*",
    "requirements/data.txt",
)
START_SECONDS = 60
COMMANDS_WITHOUT_CHECKS = frozenset({"shell", "help", "makemessages", "compilemessages", "test"})
"""Commands that know no ``--skip-checks``, because they never check."""


def server_url() -> str:
    """The database server that instances use: the one of DATABASE_URL."""
    return os.environ["DATABASE_URL"]


def database_url(name: str) -> str:
    """DATABASE_URL with another database."""
    return server_url().rsplit("/", 1)[0] + "/" + name


def connect(database: str = "postgres") -> psycopg.Connection[Any]:
    """A plain autocommit connection to one database of the server."""
    config = environ.Env.db_url_config(server_url())
    keys = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    given = {key: config[name] for key, name in keys.items() if config.get(name)}
    return psycopg.connect(dbname=database, autocommit=True, **given)


def free_port() -> int:
    """A TCP port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, check: Any, seconds: float = START_SECONDS) -> Any:
    """Call ``check`` until it returns something true. Raises TimeoutError that says what was awaited."""
    end = time.monotonic() + seconds
    while True:
        if found := check():
            return found
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.1)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:10]


def _template_sources() -> str:
    found = {path for pattern in TEMPLATE_SOURCES for path in ROOT.glob(pattern)}
    kept = sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)
    return "\n".join(f"{path.relative_to(ROOT)} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in kept)


def template_database() -> str:
    """Name of the template: all migrations applied, regions, standard and calendar loaded. Made when missing."""
    family = f"cityops_template_{_digest(str(ROOT))}_"
    name = family + _digest(_template_sources(), str(TEMPLATE_COMMANDS))
    with connect() as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [family])
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return name
        stale = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [family]
        ).fetchall()
        for (old,) in stale:
            connection.execute(f'DROP DATABASE IF EXISTS "{old}" WITH (FORCE)')
        building = f"{name}_building"
        connection.execute(f'DROP DATABASE IF EXISTS "{building}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{building}"')
        env = {"DATABASE_URL": database_url(building)}
        known = run_manage("help", "--commands", env=env).split()
        for command in (("migrate", "--verbosity", "0"), *(c for c in TEMPLATE_COMMANDS if c[0] in known)):
            run_manage(*command, env=env)
        connection.execute(f'ALTER DATABASE "{building}" RENAME TO "{name}"')
    return name


def base_environment() -> dict[str, str]:
    """The environment of a process: ours without any instance's own values."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CITYOPS_", "DJANGO_", "SYNC_"))}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "cityops.settings.development",
        "PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}",
        "PYTHONUNBUFFERED": "1",
    }


def run_manage(*arguments: str, env: dict[str, str] | None = None, seconds: float = 600) -> str:
    """Run one management command to its end and return what it printed. Raises with its errors when it fails."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env={**base_environment(), **(env or {})},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"manage.py {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


class Process:
    """One process group of ours, told apart by its id."""

    def __init__(self, name: str, command: list[str], env: dict[str, str], log: Path) -> None:
        self.name, self.command, self.env, self.log = name, command, env, log
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the leader; the group has the same."""
        if self._popen is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._popen.pid

    @property
    def is_running(self) -> bool:
        """Whether the leader lives."""
        return self._popen is not None and self._popen.poll() is None

    @property
    def peak_mb(self) -> int:
        """The most memory that any process of its group has had so far, in MiB."""
        peaks = [0]
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                if os.getpgid(int(folder.name)) == self.pid:
                    peak = re.search(r"VmHWM:\s+(\d+) kB", (folder / "status").read_text())
                    peaks.append(int(peak[1]) // 1024 if peak else 0)
        return max(peaks)

    def start(self) -> Process:
        """Start it in a session of its own, output to the log."""
        if self.is_running:
            raise RuntimeError(f"{self.name} runs already")
        output: IO[bytes]
        with self.log.open("ab") as output:
            self._popen = subprocess.Popen(
                self.command, env=self.env, cwd=ROOT, stdout=output, stderr=output, start_new_session=True
            )
        return self

    def wait_until(self, check: Any) -> None:
        """Wait for a sign of life; a process that ends before it fails with the tail of its log."""

        def alive() -> bool:
            if not self.is_running:
                raise RuntimeError(f"{self.name} ended with {self._popen.returncode}:\n{self.tail()}")
            return bool(check())

        wait_for(f"{self.name} ({self.log})", alive)

    def tail(self, lines: int = 40) -> str:
        """The last lines of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def end(self, sig: int = signal.SIGTERM, seconds: float = 15) -> None:
        """Send a signal to the leader (a kill: to all of its group) and wait until the whole group is gone."""
        if self._popen is None:
            return
        if sig != signal.SIGKILL and self.is_running:
            self._popen.send_signal(sig)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait(seconds)
        wait_for(f"the end of {self.name}", lambda: not self._has_group(), seconds)

    def _has_group(self) -> bool:
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        return True


class PrivateRedis:
    """A Redis server of our own on a unix socket, without persistence."""

    def __init__(self, folder: Path | None = None) -> None:
        self._own = folder is None
        self.folder = Path(tempfile.mkdtemp(prefix="cityops-redis-")) if folder is None else folder
        self.socket = self.folder / "redis.sock"
        command = [
            "redis-server",
            "--port",
            "0",
            "--unixsocket",
            str(self.socket),
            "--save",
            "",
            "--dir",
            str(self.folder),
        ]
        self.process = Process("redis", command, dict(os.environ), self.folder / "redis.log")

    @property
    def url(self) -> str:
        """REDIS_URL of this server."""
        return f"unix://{self.socket}?db=0"

    def start(self) -> Self:
        """Start and wait until it listens; a socket that a killed one left behind goes first."""
        self.socket.unlink(missing_ok=True)
        self.process.start()
        self.process.wait_until(self.socket.exists)
        return self

    def kill(self) -> None:
        """Kill it without warning; everything in it is gone."""
        self.process.end(signal.SIGKILL)

    def stop(self) -> None:
        """End it and remove its folder."""
        self.process.end()
        if self._own:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class Instance:
    """One running deployment: a tier, a division, a node; with its database, web server and worker."""

    def __init__(
        self,
        tier: str,
        region: str,
        node: str,
        parent: Instance | None = None,
        *,
        redis: PrivateRedis | None = None,
        name: str = "",
        **settings: str,
    ) -> None:
        """``settings`` are further environment values, as ``SYNC_TICK_SECONDS="1"``."""
        self.tier, self.region, self.node, self.parent, self.name = tier, region, node, parent, name or node
        self.folder = Path(tempfile.mkdtemp(prefix=f"cityops-{node}-"))
        self.database = f"cityops_flow_{node.replace('-', '_').lower()}_{_digest(str(self.folder))}"
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.env = {
            **base_environment(),
            "CITYOPS_TIER": tier,
            "CITYOPS_REGION": region,
            "CITYOPS_NODE": node,
            "CITYOPS_NAME": self.name,
            "CITYOPS_BASE_URL": self.base_url,
            "CITYOPS_VAR": str(self.folder),
            "DATABASE_URL": database_url(self.database),
            "REDIS_URL": redis.url if redis else os.environ["REDIS_URL"],
            **settings,
        }
        self.processes: dict[str, Process] = {}
        self._is_created = False

    def create(self) -> Self:
        """Make the database from the template; once."""
        if not self._is_created:
            template = template_database()
            with connect() as connection:
                connection.execute(f'CREATE DATABASE "{self.database}" TEMPLATE "{template}"')
            self._is_created = True
        return self

    def connect(self) -> psycopg.Connection[Any]:
        """A plain connection to this instance's database."""
        self.create()
        return connect(self.database)

    def manage(self, *arguments: str, seconds: float = 600) -> str:
        """Run a management command of this instance; returns what it printed.

        Without the system checks, which say the same every time and cost as much as the command.
        """
        self.create()
        unchecked = () if arguments[0] in COMMANDS_WITHOUT_CHECKS else ("--skip-checks",)
        return run_manage(arguments[0], *unchecked, *arguments[1:], env=self.env, seconds=seconds)

    def start_web(self, threads: int = 8, workers: int = 1) -> Process:
        """Start gunicorn and wait until the process answers."""
        self.create()
        command = [sys.executable, "-m", "gunicorn", "cityops.wsgi", "--bind", f"127.0.0.1:{self.port}"]
        command += ["--workers", str(workers), "--threads", str(threads), "--timeout", "120", "--no-control-socket"]
        process = self._start("web", command)
        process.wait_until(self._answers)
        return process

    def start_worker(self, concurrency: int = 4, *, beat: bool = True) -> Process:
        """Start a Celery worker, with its beat inside unless told otherwise, and wait until it is ready."""
        self.create()
        command = [sys.executable, "-m", "celery", "-A", "cityops.celery", "worker", "-P", "threads"]
        command += [
            "-c",
            str(concurrency),
            "-l",
            "INFO",
            "-n",
            f"{self.node}@%h",
            "--without-gossip",
            "--without-mingle",
        ]
        if beat:
            command += ["-B", "-s", str(self.folder / "beat")]
        process = self._start("worker", command)
        seen = process.log.stat().st_size
        process.wait_until(lambda: b" ready." in process.log.read_bytes()[seen:])
        return process

    def kill(self, name: str) -> None:
        """Kill ``web`` or ``worker`` without warning."""
        self.processes[name].end(signal.SIGKILL)

    def stop(self) -> None:
        """End all processes, drop the database, remove the folder."""
        for process in self.processes.values():
            process.end()
        if self._is_created:
            with connect() as connection:
                connection.execute(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')
            self._is_created = False
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, name: str, command: list[str]) -> Process:
        process = Process(f"{name} of {self.node}", command, self.env, self.folder / f"{name}.log")
        self.processes[name] = process.start()
        return process

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.base_url}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def __enter__(self) -> Self:
        return self.create()

    def __exit__(self, *_: object) -> None:
        self.stop()
