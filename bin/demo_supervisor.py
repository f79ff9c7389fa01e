"""Runs the processes of the demo's instances under honcho; for ``bin/demo.py``."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from demo_nodes import DEMO, NODES, ROOT, Failed, Node, address, settings

START_SECONDS = 120


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
