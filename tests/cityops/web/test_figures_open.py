"""Every figure of the first pages opens a list, and the list has as many rows as the figure says."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.urls import resolve
from django.utils import timezone

from grid.selectors.calendar import forget_desk
from sync.exchange.models import Comparison, Link, Parked, RecordVersion, Stream
from tests.cityops.web.reading import Figures
from tests.factories import grid as ground
from tests.factories.ground import component
from tests.factories.people import HANGZHOU, ZHEJIANG, division, organisation, person
from tests.permissions.world import all_powerful
from tiers.models import Node

pytestmark = pytest.mark.django_db
CITY, PROVINCE = f"{HANGZHOU}-C", f"{ZHEJIANG}-P"
GRID = f"{ground.COMMUNITY}001"
SKIPPED = {"case-detail", "component-detail", "grid-detail", "division-detail", "import-detail"}
"""Pages of one thing, whose code may look like a figure."""


def noon(days: int = 0) -> dt.datetime:
    return timezone.localtime().replace(hour=0, minute=1) + dt.timedelta(days=days)


@pytest.fixture(autouse=True)
def _fresh_desk():
    forget_desk()
    yield
    forget_desk()


@pytest.fixture
def cases():
    """A city with cases that today, yesterday and the links tell apart."""
    ground.ready_city()
    division("330102000000", name="上城区")
    division("330000000000", name="浙江省")
    component()
    component("33010201001000002")
    late, soon = timezone.now() - dt.timedelta(hours=30), timezone.now() + dt.timedelta(days=3)
    duty = organisation("DUTY00000000000001").org_code
    ground.stored_case(reported_at=noon())
    ground.stored_case(reported_at=noon(), grid_code="", stage_due_at=late, stage_warn_at=late)
    ground.stored_case(reported_at=noon(-3), filed_at=noon(), state="40", stage_due_at=soon, stage_warn_at=soon)
    ground.stored_case(reported_at=noon(-3), filed_at=noon(-2), state="50", duty_org=duty, stage_due_at=late)
    closed = {"dispose_deadline": noon(), "close_deadline": noon(), "disposed_at": noon(-1), "dispatched_at": noon(-2)}
    for limit in (noon(-1), noon()):
        ground.stored_case(
            reported_at=noon(-4),
            filed_at=noon(-3),
            state="80",
            **{**closed, "closed_at": noon(), "close_deadline": limit},
        )


@pytest.fixture
def exchange(cases):
    """What a province has of a city: a link, numbered records, one of them parked, a comparison."""
    Node.objects.create(
        node_code=CITY, origin_code=CITY, tier="3", division_code=HANGZHOU, parent_code=PROVINCE, platform_name="杭州市",
        base_url="", std_version="1", status="03",
    )  # fmt: skip
    now = timezone.now()
    Link.objects.create(peer_code=CITY, role="child", state="live", last_ok_at=now, backlog=7)
    stream = Stream.objects.create(
        producer_code=CITY, flow="up", scope="A", lane="normal", epoch_id=uuid.uuid4(), seq=5, chain=b"\0" * 32
    )
    common = {"owner_code": CITY, "rec_epoch": 1, "rev": 1, "op": "U", "content_sha": b"\0" * 32, "at": now}
    for dataset, count in (("GL01", 4), ("JC02", 2)):
        for number in range(count):
            RecordVersion.objects.create(rid=uuid.uuid4(), dataset=dataset, seq=number + 1, **common)
    Parked.objects.create(
        stream=stream, epoch_no=1, seq=5, flow="up", dataset="GL01", owner_code=CITY, rid=uuid.uuid4(), line="x"
    )
    for dataset, result in (("GL01", "different"), ("JC02", "equal")):
        Comparison.objects.create(
            peer_code=CITY, owner_code=CITY, dataset=dataset, flow="up", result=result, records=4, differing=1,
            in_flight=3, examples=[], at=now,
        )  # fmt: skip


def counts_behind(client, address: str, page: str) -> set[Decimal]:
    """What the page behind a figure says in its place: the rows of its list, the value of a rate, a link's own count.

    Nothing for a page of one thing, whose code only looks like a figure.
    """
    address = page.partition("?")[0] + address if address.startswith("?") else address
    name = resolve(address.partition("?")[0].partition("#")[0]).url_name
    if name in SKIPPED or address.startswith("#"):
        return set()
    answer = client.get(address)
    assert answer.status_code == 200, address
    found = answer.context
    if name == "exchange-overview":
        shown = [cell for _row, _name, cells in found["rows"] for cell in cells]
        links = found["links"]
        return {Decimal(len(shown))} if "#datasets" in address else {len(links), sum(link.backlog for link in links)}
    if name == "exchange-link":
        return {Decimal(found["link"].backlog)}
    if "comparisons" in found:
        told = [(one.records, one.missing, one.differing, one.orphans, one.in_flight) for one in found["comparisons"]]
        return {Decimal(number) for numbers in told for number in numbers} | {found["page"].paginator.count}
    if name == "figure-detail":
        return {Decimal(found["cell"].text.replace(",", ""))}
    return {Decimal(len(found["cities"]) if name == "city-list" else found["page"].paginator.count)}


def check(client, page: str) -> None:
    """Follow every figure of a page."""
    answer = client.get(page)
    assert answer.status_code == 200
    read = Figures(answer.content.decode())
    assert read.bare == [], f"{page}: figures that open nothing"
    assert read.linked, f"{page}: no figure at all"
    for number, address in read.linked:
        behind = counts_behind(client, address, page)
        assert not behind or Decimal(number) in behind, f"{page}: {number} opens {address} with {behind}"


@pytest.mark.parametrize("page", ["/", "/?map=today", "/wall/", f"/ground/grids/{GRID}/"])
def test_figures_of_a_city_open_what_they_count(client, cases, page):
    client.force_login(all_powerful(HANGZHOU))
    check(client, page)


PROVINCIAL = ["/", "/cities/", "/cities/?by=figures", f"/cities/{HANGZHOU}/", "/exchange/"]


@pytest.mark.parametrize("page", PROVINCIAL)
def test_figures_of_a_province_open_what_they_count(client, exchange, as_tier, page):
    as_tier("provincial")
    client.force_login(all_powerful(ZHEJIANG))
    check(client, page)


def test_a_link_that_would_be_refused_is_not_offered(client, exchange, as_tier):
    as_tier("national")
    division("000000000000", name="国家")
    client.force_login(person("expert", division_code="000000000000"))
    assert "/exchange/" not in client.get("/").content.decode()
    assert "/exchange/" not in client.get("/cities/").content.decode()
