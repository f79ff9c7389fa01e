"""The benchmarks run and say what they promise; a time is never an expectation."""

import json
import os
import subprocess
import sys

import pytest

from tests.launcher import ROOT, base_environment

pytestmark = pytest.mark.flow
SMALL = [
    pytest.param("tile", 500, {"drawn", "cached"}, marks=pytest.mark.long),
    pytest.param("figures", 500, {"overview"}, marks=pytest.mark.long),
    ("register", 30, {"service", "api"}),
    ("exchange", 100, {"native"}),
    ("reconcile", 300, {"equal", "different"}),
    ("import", 200, {"import"}),
    pytest.param("dashboard", 500, {"panels", "cases"}, marks=pytest.mark.long),
    ("desks", 500, {"queues", "cases"}),
    ("lifecycle", 100, {"api"}),
]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**base_environment(), "DATABASE_URL": os.environ["DATABASE_URL"], "REDIS_URL": os.environ["REDIS_URL"]}
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(("job", "size", "ways"), SMALL)
def test_a_job_prints_a_line_for_each_way(job, size, ways):
    done = bench(job, f"N={size}", "ROUNDS=1")
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"job"')]
    assert {line["way"] for line in lines} == ways
    for line in lines:
        assert line["job"] == job
        assert line["cpu_us"] > 0
        assert line["limit_cpu_us"] > 0
        assert line["ratio_to_limit"] > 0


def test_a_job_that_does_not_exist_is_refused():
    done = bench("nonsense")
    assert (done.returncode, "register" in done.stderr) == (2, True)
