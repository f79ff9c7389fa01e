"""A day of a city over HTTP: seven people with their own tokens carry cases through every row of the field's table.

The scripts are data: who does what, in which order, with what. Between them people try what they may not; every try
is refused, and changes nothing.
"""

import datetime as dt
import io
import itertools
import os
import random
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from PIL import Image

from grid.rules.transitions import BY_STEP, MOVES, Action
from tests.flows.people import MAIN, OTHER, office_people
from tests.launcher import Instance, PrivateRedis

pytestmark = pytest.mark.flow
CASES = int(os.environ.get("CITYOPS_DAY_CASES", "28"))
"""Cases of the day; 200 for the full show."""
THIRTY_SIX = set(range(1, 37))
WEST, SOUTH = 120.170, 30.245
Line = tuple[str, str, dict[str, Any]]


def line(who: str, action: str, **inputs: Any) -> Line:
    """One thing that a person does; ``photo`` names what is pictured, ``other``/``after`` are filled in by the day."""
    return who, action, inputs


ACCEPT = line("acceptor", "accept")
FILE = line("duty_leader", "file")
DISPATCH = line("dispatcher", "dispatch", duty_org=MAIN, assist_orgs=[OTHER])
SIGN = line("department", "sign")
FEED_BACK = line("department", "feed_back", opinion="已清理", photo="handle")
SEND_CHECK = line("acceptor", "send_check")
PASS = line("collector", "pass_check", photo="check")
CLOSE = line("duty_leader", "close")
TO_HANDLING = (ACCEPT, FILE, DISPATCH, SIGN)
TO_CLOSED = (FEED_BACK, SEND_CHECK, PASS, CLOSE)
DELAY = line("department", "apply_delay", opinion="需要吊车")
SUSPENSION = {"opinion": "汛期后施工", "why": "season"}
SCRIPTS: dict[str, tuple[str, tuple[Line, ...]]] = {
    "straight on, revisited": (
        "80",
        (*TO_HANDLING, *TO_CLOSED, line("acceptor", "return_visit", satisfaction="5")),
    ),
    "verified, urged, supervised, reworked, failed, checked again": (
        "80",
        (
            line("acceptor", "send_verify", assignee="flow-collector"),
            line("collector", "verify_true", photo="verify"),
            FILE,
            DISPATCH,
            line("dispatcher", "urge"),
            line("leader", "supervise", opinion="今日办结", due_at="soon"),
            SIGN,
            line("department", "answer_supervision", opinion="已派人"),
            FEED_BACK,
            line("dispatcher", "rework", opinion="仍有残留"),
            SIGN,
            FEED_BACK,
            SEND_CHECK,
            line("collector", "fail_check", opinion="未清净", photo="check"),
            SIGN,
            FEED_BACK,
            SEND_CHECK,
            PASS,
            line("duty_leader", "return_to_check", opinion="照片不清"),
            line("collector", "pass_check", opinion="重新拍摄", photo="check"),
            CLOSE,
        ),
    ),
    "verified as untrue": (
        "31",
        (line("acceptor", "send_verify"), line("collector", "verify_false", opinion="现场没有")),
    ),
    "not filed": ("31", (ACCEPT, line("duty_leader", "reject", reason="02"))),
    "joined to another": ("91", (line("acceptor", "merge", main_case="other"),)),
    "sent back and returned, wrong department and right one": (
        "80",
        (
            ACCEPT,
            line("duty_leader", "send_back", opinion="地址不明"),
            line("acceptor", "correct", address="测试路2号"),
            line("acceptor", "accept", opinion="地址已更正"),
            FILE,
            line("dispatcher", "return_to_filing", opinion="条件不对"),
            line("duty_leader", "file", opinion="条件无误"),
            DISPATCH,
            line("department", "apply_return", opinion="不属本单位"),
            line("dispatcher", "refuse_return", opinion="属本单位"),
            SIGN,
            line("department", "apply_return", opinion="权属另有单位"),
            line("dispatcher", "approve_return"),
            line("dispatcher", "dispatch_again", duty_org=OTHER, opinion="改派"),
            line("other_department", "sign"),
            line("other_department", "feed_back", opinion="已清理", photo="handle"),
            SEND_CHECK,
            PASS,
            CLOSE,
        ),
    ),
    "delayed once, refused the second time": (
        "80",
        (
            *TO_HANDLING,
            DELAY,
            line("duty_leader", "approve_delay"),
            DELAY,
            line("leader", "refuse_delay", opinion="抓紧办理"),
            *TO_CLOSED,
        ),
    ),
    "suspended after a refusal, and resumed": (
        "80",
        (
            *TO_HANDLING,
            line("department", "apply_suspension", until="later", **SUSPENSION),
            line("dispatcher", "refuse_suspension", opinion="先围挡"),
            line("department", "apply_suspension", until="later", **SUSPENSION),
            line("dispatcher", "approve_suspension"),
            line("leader", "approve_suspension"),
            line("dispatcher", "resume"),
            *TO_CLOSED,
        ),
    ),
    "void refused, then granted": (
        "90",
        (
            ACCEPT,
            FILE,
            line("dispatcher", "apply_void", opinion="重复"),
            line("duty_leader", "refuse_void", opinion="不重复"),
            DISPATCH,
            SIGN,
            line("dispatcher", "apply_void", opinion="权属争议"),
            line("department", "withdraw", refused=403),
            line("dispatcher", "withdraw"),
            line("acceptor", "apply_void", opinion="测试件"),
            line("duty_leader", "approve_void"),
        ),
    ),
    "closed by force": (
        "80",
        (*TO_HANDLING, line("leader", "force_close", opinion="市领导批示")),
    ),
    "settled on the spot": (
        "81",
        (line("collector", "self_handle", photo=("self_before", "self_after")),),
    ),
    "late and excused": (
        "80",
        (
            *TO_HANDLING,
            line("", "grow_late"),
            *TO_CLOSED,
            line("department", "appeal", opinion="停电"),
            line("dispatcher", "approve_appeal"),
            line("duty_leader", "approve_appeal"),
        ),
    ),
    "late without excuse": (
        "80",
        (
            *TO_HANDLING,
            line("", "grow_late"),
            *TO_CLOSED,
            line("department", "appeal", opinion="人手不足"),
            line("dispatcher", "refuse_appeal", opinion="理由不充分"),
        ),
    ),
    "opened again": (
        "80",
        (*TO_HANDLING, *TO_CLOSED, line("duty_leader", "reopen", opinion="居民再次反映")),
    ),
}
TRIES = {
    "file": "collector",
    "dispatch": "department",
    "sign": "other_department",
    "pass_check": "department",
    "close": "dispatcher",
    "accept": "leader",
}
"""Move → who must not make it: tries it whenever somebody else is about to."""


@dataclass
class Day:
    """The running city and the people in it."""

    city: Instance
    tokens: dict[str, str]
    calls: Counter[int] = field(default_factory=Counter)

    def ask(self, who: str, method: str, path: str, **more: Any) -> requests.Response:
        """One request of a person. Writes carry a key, as a client that may have to ask again sends them."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}", "Idempotency-Key": str(uuid.uuid4())}
        answer = requests.request(method, f"{self.city.base_url}/api/v1/{path}", headers=headers, timeout=60, **more)
        self.calls[answer.status_code] += 1
        return answer

    def photo(self, who: str, usage: str, place: tuple[float, float]) -> str:
        """Take a picture that no other is like, and send it."""
        picture, file = Image.frombytes("RGB", (64, 48), random.randbytes(64 * 48 * 3)), io.BytesIO()
        picture.save(file, "JPEG")
        form = {"media_id": str(uuid.uuid4()), "usage": usage, "longitude": place[0], "latitude": place[1]}
        files = {"photo": ("photo.jpg", file.getvalue(), "image/jpeg")}
        answer = self.ask(who, "POST", "media/", data=form, files=files)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["media_id"])

    def report(self, number: int) -> tuple[str, tuple[float, float]]:
        """A collector's report of litter, each at a place of its own."""
        place = (WEST + 0.001 + number % 16 * 0.001, SOUTH + 0.001 + number // 16 * 0.001)
        given = {
            "class_code": "06001",
            "longitude": place[0],
            "latitude": place[1],
            "description": f"路边有暴露垃圾,第{number}处",
            "address": f"测试路{number}号",
            "source": "01",
            "reporter_type": "1",
            "media": [self.photo("collector", "report", place)],
        }
        answer = self.ask("collector", "POST", "desk/cases/", json=given)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["case_no"]), place

    def case(self, case_no: str, who: str = "leader") -> dict[str, Any]:
        """What a person sees of a case."""
        answer = self.ask(who, "GET", f"cases/{case_no}/")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def move(self, who: str, case_no: str, action: str, inputs: dict[str, Any]) -> requests.Response:
        """Try one move."""
        return self.ask(who, "POST", f"desk/cases/{case_no}/{action}/", json=inputs)

    def carry(self, number: int, script: tuple[Line, ...]) -> str:
        """Report a case and do with it what the script says; returns its number."""
        case_no, place = self.report(number)
        for who, action, inputs in script:
            if action == "grow_late":
                self.grow_late(case_no)
                continue
            given = self.filled(who, inputs, number, place)
            if TRIES.get(action, who) != who:
                self.is_refused(TRIES[action], case_no, action, given)
            answer = self.move(who, case_no, action, given)
            wanted = inputs.get("refused", 200)
            assert answer.status_code == wanted, (action, answer.status_code, answer.text[:600])
        return case_no

    def filled(self, who: str, inputs: dict[str, Any], number: int, place: tuple[float, float]) -> dict[str, Any]:
        """The inputs of a line with what only the running day knows."""
        given = {name: value for name, value in inputs.items() if name not in {"photo", "refused"}}
        now = dt.datetime.now(dt.UTC)
        if "until" in given:
            given["until"] = str((now + dt.timedelta(days=60)).date())
        if "due_at" in given:
            given["due_at"] = (now + dt.timedelta(hours=8)).isoformat()
        if "main_case" in given:
            given["main_case"] = self.report(number)[0]
        usages = inputs.get("photo", ())
        given["media"] = [self.photo(who, usage, place) for usage in ((usages,) if isinstance(usages, str) else usages)]
        return given

    def is_refused(self, who: str, case_no: str, action: str, given: dict[str, Any]) -> None:
        """Somebody whose work it is not tries the same; refused in words, nothing changes."""
        before = self.case(case_no)["version"]
        answer = self.move(who, case_no, action, given)
        assert answer.status_code in (403, 404), (action, answer.text)
        problem = answer.json()
        assert problem.get("detail") or problem["title"]
        assert self.case(case_no)["version"] == before

    def grow_late(self, case_no: str) -> None:
        """Hours pass: the deadline of disposal lies a minute back."""
        with self.city.connect() as connection:
            done = connection.execute(
                "UPDATE grid_case SET dispose_deadline = now() - interval '1 minute' WHERE case_no = %s", [case_no]
            )
        assert done.rowcount == 1


@pytest.fixture(scope="module")
def day() -> Iterator[Day]:
    """A city without a past, and seven people with tokens."""
    with (
        PrivateRedis() as redis,
        Instance("municipal", "330100000000", "330100000000-C", redis=redis, CITYOPS_API_RATE="1000000/min") as city,
    ):
        city.manage("node_init")
        tokens = office_people(city)
        city.start_web()
        yield Day(city, tokens)


def test_seven_people_carry_the_cases_of_a_day_through_all_rows(day):
    assert len(day.tokens) == 7
    plans = list(itertools.islice(itertools.cycle(SCRIPTS.values()), CASES))
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda one: day.carry(one[0], one[1][1]), enumerate(plans)))
    assert len(set(numbers)) == CASES
    rows: set[int] = {*MOVES[Action.REPORT].rows}
    for case_no, (stage, script) in zip(numbers, plans, strict=True):
        case = day.case(case_no)
        assert (case["state"], case["pending"]) == (stage, "")
        done = [BY_STEP[step["action"]] for step in case["steps"]]
        asked = [Action(action) for _who, action, inputs in script if action != "grow_late" and "refused" not in inputs]
        assert [move.action for move in done] == [Action.REPORT, *asked]
        assert [step["operated_at"] for step in case["steps"]] == sorted(s["operated_at"] for s in case["steps"])
        rows.update(row for move in done for row in move.rows)
    assert rows == THIRTY_SIX
    assert not [status for status in day.calls if status >= 500]
    _the_ledgers_and_rounds_agree(day, plans)


def _the_ledgers_and_rounds_agree(day: Day, plans: list[tuple[str, tuple[Line, ...]]]) -> None:
    """What the cases went through stands in the ledgers, and nothing was registered twice."""
    wanted = Counter(action for _stage, script in plans for _who, action, _inputs in script)
    with day.city.connect() as connection:
        ledger = dict(connection.execute("SELECT kind, count(*) FROM grid_caseapplication GROUP BY kind").fetchall())
        states = dict(connection.execute("SELECT state, count(*) FROM grid_caseapplication GROUP BY state").fetchall())
        registered, rounds = connection.execute(
            "SELECT count(*) FILTER (WHERE previous_round IS NULL), count(previous_round) FROM grid_case"
        ).fetchone()
        photos = connection.execute("SELECT count(*) FROM grid_casemedia WHERE case_id IS NULL").fetchone()
    kinds = ("return", "delay", "suspension", "void", "appeal")
    assert ledger == {kind: wanted["appeal" if kind == "appeal" else f"apply_{kind}"] for kind in kinds}
    refused = sum(count for action, count in wanted.items() if action.startswith("refuse_"))
    assert (states["refused"], states.get("pending", 0)) == (refused, 0)
    assert (registered, rounds) == (CASES + wanted["merge"], wanted["reopen"])
    assert photos == (0,)
