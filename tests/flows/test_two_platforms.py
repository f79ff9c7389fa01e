"""A city and its district, each a running platform of its own, carry a case together by signed webhooks."""

import datetime as dt
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from grid.interfaces.services.sending import signed_headers
from tests.factories.photos import photo
from tests.flows.people import MAIN, PEOPLE_OF_A_DAY, office_people
from tests.launcher import Instance, PrivateRedis, wait_for

pytestmark = pytest.mark.flow
CITY, DISTRICT = "330100000000-C", "330102000000-C"
REACH = {"CITYOPS_PARTNER_NETWORKS": "127.0.0.0/8"}
JOIN = """
from cityops.accounts.models import Organisation, Role, User
from grid.interfaces.models import Partner
from grid.interfaces.services.secrets import make_secret, take_secret
from grid.models import WorkflowVersion
{before}
account = User.objects.create_user(
    username="{code}-account", division_code="330100000000", is_integration=True, organisation={organisation})
account.groups.set(Role.objects.filter(code__in={roles}))
one = Partner.objects.create(
    code="{code}", name="{code}", kind="{kind}", division_code="{division}", org_code="{org_code}", account=account,
    webhook_url="{url}")
print("secret=" + make_secret(account, one))
"""
BUREAU = """
bureau = Organisation.objects.create(
    org_code="CZ00000000000000Q1", name="区指挥中心", org_type="05", division_code="330102000000")
WorkflowVersion.objects.create(code="two", title="两级", definition={"two_level": True}, state="active")
"""
TAKE = """
from grid.interfaces.models import Partner
from grid.interfaces.services.secrets import take_secret
one = Partner.objects.get(code="{code}")
take_secret(one.account, one, "{secret}")
"""


class Desk:
    """People of one platform, over HTTP."""

    def __init__(self, one: Instance) -> None:
        self.one, self.tokens = one, one.tokens

    def ask(self, who: str, method: str, path: str, **sent: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        answer = requests.request(
            method, f"{self.one.base_url}/api/v1/{path}", headers=headers, timeout=60, proxies=NO_PROXY, **sent
        )
        assert answer.ok, f"{who} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def photo(self, who: str, usage: str, seed: int) -> str:
        form = {"media_id": str(uuid.uuid4()), "usage": usage}
        files = {"photo": ("a.jpg", photo(seed), "image/jpeg")}
        return str(self.ask(who, "post", "media/", data=form, files=files)["media_id"])

    def move(self, who: str, number: str, action: str, **inputs: Any) -> str:
        return str(self.ask(who, "post", f"desk/cases/{number}/{action}/", json=inputs)["state"])

    def case(self, number: str) -> Any:
        return self.ask("duty_leader", "get", f"cases/{number}/")


NO_PROXY = {"http": "", "https": ""}


@pytest.fixture(scope="module")
def platforms() -> Iterator[tuple[Instance, Instance]]:
    """The two, introduced to each other; their web servers and workers run."""
    with (
        PrivateRedis() as redis,
        Instance("municipal", "330100000000", CITY, redis=redis, **REACH) as city,
        Instance("municipal", "330100000000", DISTRICT, redis=redis, **REACH) as district,
    ):
        for one in (city, district):
            one.manage("node_init")
            one.tokens = office_people(one, (*PEOPLE_OF_A_DAY, "inspector"))
        ours = _join(
            city, code="shangcheng", kind="district", division="330102000000", roles=["department", "dispatcher"],
            org_code="CZ00000000000000Q1", organisation="bureau", before=BUREAU,
            url=f"{district.base_url}/api/v1/partner/hooks/city/",
        )  # fmt: skip
        theirs = _join(
            district, code="city", kind="superior", division="330100000000", roles=["duty_leader", "acceptor"],
            org_code="", organisation="None", before="", url=f"{city.base_url}/api/v1/partner/hooks/shangcheng/",
        )  # fmt: skip
        city.manage("shell", "-c", TAKE.format(code="shangcheng", secret=theirs))
        district.manage("shell", "-c", TAKE.format(code="city", secret=ours))
        for one in (city, district):
            one.start_web()
            one.start_worker(concurrency=2)
        yield city, district


def _join(one: Instance, **facts: Any) -> str:
    told = one.manage("shell", "-c", JOIN.format(**facts))
    return told.partition("secret=")[2].split()[0]


def row(one: Instance, statement: str, *given: Any) -> Any:
    """The first row that a statement finds."""
    with one.connect() as connection:
        return connection.execute(statement, given).fetchone()


def there(district: Instance, number: str, *, but: str = "") -> str:
    """The number that the city's case has in the district, once it is there."""
    asked = (
        "SELECT c.case_no FROM grid_case c JOIN interfaces_partnercase s ON s.case_id = c.rid"
        " WHERE s.their_no = %s AND c.case_no <> %s"
    )
    return str(wait_for("the case in the district", lambda: row(district, asked, number, but))[0])


def handle(desk: Desk, number: str, seed: int) -> None:
    """The district's own loop from dispatch to closing."""
    desk.move("dispatcher", number, "dispatch", duty_org=MAIN)
    desk.move("department", number, "sign")
    desk.move("department", number, "feed_back", opinion="已清运", media=[desk.photo("department", "handle", seed)])
    desk.move("acceptor", number, "send_check")
    checked = [desk.photo("collector", "check", seed + 1)]
    assert desk.move("collector", number, "pass_check", media=checked) == "70"
    assert desk.move("duty_leader", number, "close") == "80"


def test_a_case_goes_to_the_district_and_comes_back_until_the_city_is_content(platforms):
    city, district = Desk(platforms[0]), Desk(platforms[1])
    report = {
        "class_code": "06001", "longitude": 120.175, "latitude": 30.25, "description": "路口有暴露垃圾",
        "address": "测试路1号", "source": "01", "reporter_type": "1", "media": [city.photo("collector", "report", 1)],
    }  # fmt: skip
    number = city.ask("collector", "post", "desk/cases/", json=report)["case_no"]
    city.move("acceptor", number, "accept")
    city.move("duty_leader", number, "file")
    city.move("dispatcher", number, "assign_district")

    theirs = there(district.one, number)
    taken = district.case(theirs)
    assert (taken["state"], taken["source"], taken["description"]) == ("10", "07", "路口有暴露垃圾")
    photos = "SELECT count(*) FROM grid_casemedia m JOIN grid_case c ON m.case_id = c.rid WHERE c.case_no = %s"
    assert row(district.one, photos, theirs)[0] == 1
    district.move("acceptor", theirs, "accept")
    district.move("duty_leader", theirs, "file")
    city.move("dispatcher", number, "urge", opinion="市长关注")
    wait_for("the urging", lambda: "22" in [step["action"] for step in district.case(theirs)["steps"]])
    handle(district, theirs, 10)

    wait_for("the feedback", lambda: city.case(number)["state"] == "60")
    back = city.case(number)
    assert [step["action"] for step in back["steps"]][-4:] == ["22", "07", "09", "10"]
    assert (back["duty_org"], row(city.one, photos, number)[0]) == ("CZ00000000000000Q1", 3)

    city.move("acceptor", number, "send_check")
    seen = [city.photo("collector", "check", 20)]
    assert city.move("collector", number, "fail_check", opinion="没有清干净", media=seen) == "45"
    again = there(district.one, number, but=theirs)
    assert district.case(again)["state"] == "40"
    handle(district, again, 30)
    wait_for("the second feedback", lambda: city.case(number)["state"] == "60")
    city.move("acceptor", number, "send_check")
    assert city.move("collector", number, "pass_check", media=[city.photo("collector", "check", 40)]) == "61"
    assert city.move("inspector", number, "pass_check", media=[city.photo("inspector", "check", 41)]) == "70"
    assert city.move("duty_leader", number, "close") == "80"

    waiting = "SELECT count(*) FROM interfaces_webhookdelivery WHERE state = 'waiting'"
    for one in platforms:
        wait_for("an empty queue", lambda one=one: row(one, waiting)[0] == 0)
        assert row(one, "SELECT count(*) FROM interfaces_webhookdelivery WHERE state <> 'delivered'")[0] == 0
        assert row(one, "SELECT count(*) FROM interfaces_partnercase WHERE attention <> ''")[0] == 0
        order = "SELECT array_agg(seq ORDER BY delivered_at) FROM interfaces_webhookdelivery GROUP BY case_id"
        with one.connect() as connection:
            for (sequence,) in connection.execute(order).fetchall():
                assert sequence == sorted(sequence), "what happened first arrives first"


def test_what_the_city_did_not_sign_is_refused_and_changes_nothing(platforms):
    district = platforms[1]
    url = f"{district.base_url}/api/v1/partner/hooks/city/"
    body = json.dumps({"type": "case.assigned", "data": {"case": {}}}).encode()
    before = row(district, "SELECT count(*) FROM grid_case")[0]
    wrong = "whsec_" + "QUJD" * 11
    for headers in (
        signed_headers("msg_x", body, [wrong]),
        signed_headers("msg_x", body, [wrong], dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)),
        {"webhook-id": "msg_x"},
    ):
        answer = requests.post(url, body, headers=headers, timeout=30, proxies=NO_PROXY)
        assert (answer.status_code, answer.json()["code"]) == (401, "webhook_refused")
        assert answer.json()["detail"]
    large = requests.post(url, b"x" * (9 << 20), headers={"webhook-id": "msg_x"}, timeout=30, proxies=NO_PROXY)
    assert large.status_code == 413
    assert row(district, "SELECT count(*) FROM grid_case")[0] == before
