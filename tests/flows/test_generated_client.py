"""A client in another language, generated from our OpenAPI schema, carries a case from report to closing."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories.photos import photo
from tests.flows.people import MAIN, office_people
from tests.launcher import Instance, PrivateRedis

pytestmark = pytest.mark.flow
ROOT = Path(__file__).resolve().parents[2]


def node() -> str:
    """Node of the machine, or the one of the wheel that bin/assets installs where the machine has none."""
    found = shutil.which("node") or next((str(p) for p in (ROOT / "var" / "node").rglob("bin/node")), None)
    assert found, "node is missing: bin/setup dev brings it"
    return found


@pytest.fixture(scope="module")
def client(tmp_path_factory) -> Path:
    """The generated client."""
    folder = tmp_path_factory.mktemp("client")
    program = ROOT / "node_modules" / ".bin" / "swagger-typescript-api"
    assert program.exists(), "the generator is missing: bin/setup dev installs it"
    done = subprocess.run(
        [node(), str(program), "generate", "--js", "-p", str(ROOT / "docs" / "api" / "municipal.yml"),
         "-o", str(folder), "-n", "cityops.js"],
        capture_output=True, text=True, timeout=120, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    made = folder / "cityops.mjs"
    (folder / "cityops.js").rename(made)
    return made


@pytest.fixture(scope="module")
def city() -> Iterator[Instance]:
    """杭州 with people who have tokens; its web server runs."""
    with PrivateRedis() as redis, Instance("municipal", "330100000000", "330100000000-C", redis=redis) as one:
        one.manage("node_init")
        one.tokens = office_people(one)
        one.start_web()
        yield one


def test_a_generated_client_carries_a_case_from_report_to_closing(city, client):
    given = {
        "base": city.base_url,
        "tokens": city.tokens,
        "photo": base64.b64encode(photo()).decode(),
        "longitude": 120.175,
        "latitude": 30.25,
        "duty_org": MAIN,
    }
    done = subprocess.run(
        [node(), str(Path(__file__).parent / "client" / "carry.mjs"), str(client)],
        input=json.dumps(given), capture_output=True, text=True, timeout=60, check=False,
        env={"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert (told["state"], told["refused"]) == ("80", 403)
    assert told["told"] == [
        ["accept", "30"], ["file", "40"], ["dispatch", "45"], ["sign", "50"], ["feed_back", "60"],
        ["send_check", "61"], ["pass_check", "70"], ["close", "80"],
    ]  # fmt: skip
    assert told["steps"] == ["01", "04", "05", "07", "09", "10", "17", "18", "20"]
    with city.connect() as connection:
        row = connection.execute(
            "SELECT c.state, count(m.*) FROM grid_case c JOIN grid_casemedia m ON m.case_id = c.rid"
            " WHERE c.case_no = %s GROUP BY 1",
            [told["number"]],
        ).fetchone()
    assert row == ("80", 3)
