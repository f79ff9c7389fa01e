"""A city with cases, and a province that has records of it."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from grid.selectors.calendar import forget_desk
from sync.exchange.models import Comparison, Link, Parked, RecordVersion, Stream
from tests.factories import grid as ground
from tests.factories.ground import component
from tests.factories.people import HANGZHOU, ZHEJIANG, division, organisation
from tiers.models import Node

CITY, PROVINCE = f"{HANGZHOU}-C", f"{ZHEJIANG}-P"


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
        node_code=CITY, origin_code=CITY, tier="3", division_code=HANGZHOU, parent_code=PROVINCE,
        platform_name="杭州市", base_url="", std_version="1", status="03",
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
        stream=stream, epoch_no=1, seq=5, flow="up", dataset="GL01", owner_code=CITY, rid=uuid.uuid4(), line=b"x"
    )
    for dataset, result in (("GL01", "different"), ("JC02", "equal")):
        Comparison.objects.create(
            peer_code=CITY, owner_code=CITY, dataset=dataset, flow="up", result=result, records=4, differing=1,
            in_flight=3, examples=[], at=now,
        )  # fmt: skip
