"""Life cycle: report, accept, file, dispatch, sign, feed back, send to check, check, close, find; few cases and many.

Two cities of the same build and the same people, one with ten times the cases and steps of the other. The limit is the
life in the young city: the ratio says how much a life slows down as a city grows old. Everything goes through the API
with tokens; the workflow asks for no photo, so that drawing pictures does not hide what grows.
"""

import http.client
import json
import uuid
from collections.abc import Iterator
from typing import Any

from benchmarks.dashboard import open_cases
from benchmarks.measuring import Meter, report
from benchmarks.world import SOUTH, WEST, Standalone, ask, city, fill_columns, filling, pids_of

N = 1_000_000
LIVES = 20
GRIDS = 400
WARM = 3
STEPS_EACH = 4
CHUNK = 50_000
PEOPLE = """
import json
from cityops.accounts.models import Organisation, Role, User
from cityops.accounts.services.tokens import issue_token
from grid.models import WorkflowVersion
city = "330100000000"
WorkflowVersion.objects.filter(state="active").update(state="retired")
bare = {"photos": {}, "report_photos": 0}
WorkflowVersion.objects.create(code="bench", title="bench", state="active", definition=bare)
office = Organisation.objects.create(
    org_code="CZ0000000000000001", name="环卫中心", org_type=Organisation.Type.DEPARTMENT, division_code=city)
tokens = {}
roles_of = {"desk": ("collector", "acceptor", "duty_leader", "dispatcher"), "department": ("department",)}
for who, roles in roles_of.items():
    user = User.objects.create_user(
        username="bench-" + who, division_code=city, is_integration=True,
        organisation=office if who == "department" else None)
    user.groups.set(Role.objects.filter(code__in=roles))
    tokens[who] = issue_token(None, user, "bench", ["read", "write"], 1)[1]
print("tokens=" + json.dumps(tokens))
"""
LIFE: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("desk", "accept", {}),
    ("desk", "file", {}),
    ("desk", "dispatch", {"duty_org": "CZ0000000000000001"}),
    ("department", "sign", {}),
    ("department", "feed_back", {"opinion": "已清理"}),
    ("desk", "send_check", {}),
    ("desk", "pass_check", {}),
    ("desk", "close", {}),
)


class Town:
    """A city with a past, its web server and its people."""

    def __init__(self, here: Standalone, cases: int) -> None:
        self.here = here
        open_cases(here, cases)
        _add_steps(here, cases)
        self._tokens = json.loads(here.manage("shell", "-c", PEOPLE).partition("tokens=")[2].splitlines()[0])
        here.start_web(workers=1, threads=2)
        self._connection = http.client.HTTPConnection("127.0.0.1", here.port)

    def _ask(self, who: str, method: str, path: str, given: dict[str, Any] | None = None) -> Any:
        headers = {
            "Authorization": f"Bearer {self._tokens[who]}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid.uuid4()),
        }
        body = None if given is None else json.dumps(given)
        answer = ask(self._connection, method, f"/api/v1/{path}", body, headers)
        read = answer.read()
        if answer.status not in (200, 201):
            raise RuntimeError(f"{method} {path}: {answer.status} {read[:300]!r}")
        return json.loads(read)

    def live(self, lives: int) -> None:
        """That many cases from their report to being found as closed."""
        for number in range(lives):
            given = {
                "class_code": "06001",
                "longitude": WEST + 0.0005 + number % 10 * 0.001,
                "latitude": SOUTH + 0.0005,
                "description": "路边有暴露垃圾，约两平方米，影响通行。",
                "address": "文三路 100 号东侧人行道",
                "source": "11",
                "reporter_type": "1",
                "reporter": "C0001",
            }
            case_no = self._ask("desk", "POST", "desk/cases/", given)["case_no"]
            for who, action, inputs in LIFE:
                self._ask(who, "POST", f"desk/cases/{case_no}/{action}/", inputs)
            found = self._ask("desk", "GET", f"cases/?q={case_no}")["results"]
            if [(one["case_no"], one["state"]) for one in found] != [(case_no, "80")]:
                raise RuntimeError(f"{case_no} was not found as closed: {found}")


def run(n: int, rounds: int) -> Iterator[dict[str, Any]]:
    """One line: a life at N cases against one at a tenth of them."""
    n = n or N
    few = max(n // 10, 1)
    with city(GRIDS) as first, city(GRIDS) as second:
        young, old = Town(first, few), Town(second, n)
        meter = Meter(lambda: pids_of(first, second))
        for town in (young, old):
            town.live(WARM)
        for _ in range(rounds):
            meter.measure("limit", LIVES, lambda: young.live(LIVES), is_own=False)
            meter.measure("api", LIVES, lambda: old.live(LIVES), is_own=False)
        yield meter.line("lifecycle", "api", "limit", "case", cases=n, limit_cases=few)


def _add_steps(here: Standalone, cases: int) -> None:
    """Steps of the past: what a life reads and appends to is as large as the cases are many."""
    columns = {
        "case_id": "c.rid",
        "origin_code": "c.origin_code",
        "seq": "s",
        "action": "'05'",
        "from_state": "'30'",
        "to_state": "'40'",
        "operated_at": "c.reported_at + s * interval '10 min'",
    }
    with here.connect() as connection, filling(connection, "grid_casestep"):
        fill_columns(connection, "grid_casestep", columns)
        for first in range(1, cases + 1, CHUNK):
            connection.execute(
                f"INSERT INTO grid_casestep ({', '.join(columns)}) SELECT {', '.join(columns.values())} "
                "FROM (SELECT * FROM grid_case WHERE case_no IN "
                "(SELECT n::text FROM generate_series(%(first)s::int, %(last)s::int) n)) c, "
                "generate_series(1, %(each)s) s",
                {"first": first, "last": min(first + CHUNK - 1, cases), "each": STEPS_EACH},
            )


if __name__ == "__main__":
    report(run)
