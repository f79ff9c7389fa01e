"""A hundred thousand rows pass in bounded memory: the process grows by far less than the file would."""

import gc
from pathlib import Path

import pytest

from grid.models import Case, CaseStep
from grid.services.imports.runs import begin_run, execute_run
from tests.factories import grid as ground
from tests.grid.imports.test_cases import MAPPING

pytestmark = pytest.mark.django_db
ROWS = 100_000
LIMIT_MB = 64
"""Growth allowed over what the process needed for 2,000 rows; the rows alone would be some 100 MB as objects."""


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def _history(path: Path, count: int, first: int) -> Path:
    head = "号,状态,类,描述,位置,上报,立案,应结,结案,经度,纬度\n"
    with path.open("w", encoding="utf-8") as stream:
        stream.write(head)
        for number in range(first, first + count):
            times = f"2025-07-{number % 28 + 1:02d}"
            stream.write(
                f"B{number},办结,06001,路口有暴露垃圾需要清理{number},测试路{number}号,{times} 08:00:00,"
                f"{times} 08:30:00,{times} 20:00:00,{times} 17:00:00,"
                f"{ground.WEST + number % 97 / 10000:.4f},30.005\n"
            )
    return path


def test_memory_stays_bounded_for_a_hundred_thousand_rows(city, run_import, tmp_path):
    run_import("cases", _history(tmp_path / "small.csv", 2_000, 0), MAPPING)
    gc.collect()
    before, highest = _resident_mb(), 0.0

    def watch(count: int) -> None:
        nonlocal highest
        highest = max(highest, _resident_mb())

    path = _history(tmp_path / "large.csv", ROWS, 10_000)
    run = execute_run(begin_run("cases", path, mapping=MAPPING, options={}), path, progress=watch)
    highest = max(highest, _resident_mb())
    assert (run.state, run.rows_taken, run.rows_refused) == ("done", ROWS, 0)
    assert highest - before < LIMIT_MB
    assert Case.objects.count() == ROWS + 2_000
    assert CaseStep.objects.count() == 3 * (ROWS + 2_000)
