"""What every start of the web server reads by itself: the numbers of all its processes lie in one folder."""

import os
import shutil
from pathlib import Path
from typing import Any

_var = os.environ.get("CITYOPS_VAR") or str(Path(__file__).resolve().parent / "var")
_folder = Path(_var) / f"metrics-{os.environ.get('CITYOPS_NODE', '')}"
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_folder)  # before anything imports prometheus_client


def on_starting(_server: Any) -> None:
    """Begin at zero: counts of processes that are gone belong to the last start."""
    shutil.rmtree(_folder, ignore_errors=True)
    _folder.mkdir(parents=True, exist_ok=True)


def child_exit(_server: Any, worker: Any) -> None:
    """Take what a process that ended said of the present out of the sums; its counts stay."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)
