"""A city of which everything that the quality rules know is wrong, as its province holds it; one good case beside."""

import datetime as dt
import uuid

from django.utils import timezone

from cityops.accounts.models import Organisation
from grid.models import CaseDailyStatistic, CaseMedia, CaseStep
from grid.performance.models import PerformanceResult
from grid.selectors.statistics import COUNTS
from sync.exchange.models import Link, RecordVersion
from tests.factories import grid as ground
from tests.factories.ground import component
from tests.factories.people import division
from tiers.models import Node

CITY = "330100000000-C"
GOOD = "330100202601010000000001"


def joined(code: str = CITY, name: str = "杭州市") -> Link:
    """A node with its link, a month ago."""
    division(code[:12], name=name)
    Node.objects.create(
        node_code=code, tier="3", division_code=code[:12], platform_name=name, base_url="http://127.0.0.1",
        parent_code="330000000000-P", std_version="1", status="03", origin_code=code,
    )  # fmt: skip
    return Link.objects.create(
        peer_code=code, peer_name=name, role="child", state="live",
        enrolled_at=timezone.now() - dt.timedelta(days=120),
    )  # fmt: skip


def case(**fields):
    """A good, filed case of the city, unless told otherwise."""
    at = fields.pop("at", timezone.now() - dt.timedelta(hours=5))
    hour = dt.timedelta(hours=1)
    good = {
        "origin_code": CITY, "task_no": "T1", "state": "50", "duty_org": "911101085923662400", "dept_code1": "A",
        "dept_name1": "城管局", "reported_at": at, "accepted_at": at, "filed_at": at, "dispatched_at": at + hour,
    }  # fmt: skip
    return ground.stored_case(**{**good, **fields})


def photo(of, content: str, **fields) -> None:
    """A photo's facts."""
    CaseMedia.objects.create(
        media_id=uuid.uuid4(), case=of, stage="01", taken_at=timezone.now(), sha256=content * 64,
        uploaded_at=timezone.now(), **{"usage": "report", **fields},
    )  # fmt: skip


def step(of, seq: int, action: str, hours: float) -> None:
    """A step so many hours ago."""
    CaseStep.objects.create(
        case=of, origin_code=CITY, seq=seq, action=action, to_state="50", operator_role="01",
        operated_at=timezone.now() - dt.timedelta(hours=hours),
    )  # fmt: skip


def daily(day: dt.date, **fields) -> CaseDailyStatistic:
    """A day's statistic of one street."""
    good = {**dict.fromkeys(COUNTS, 0), "division_code": ground.COMMUNITY[:9] + "000", "kind": "2", "origin_code": CITY}
    return CaseDailyStatistic.objects.create(**{**good, "stat_date": day, **fields})


def result(month: str, **fields) -> PerformanceResult:
    """A monthly result of an area."""
    good = {
        "period": "M", "period_code": month, "target_type": "1", "target_code": "330102", "score": "90.00",
        "grade": "A", "formula_version": "sample-2026.1", "computed_at": timezone.now(), "origin_code": CITY,
        "metrics": {"on_time_closing_rate": "99.50"},
    }  # fmt: skip
    return PerformanceResult.objects.create(**{**good, **fields})


def ground_of_city() -> None:
    """What a good case stands on."""
    ground.city()
    ground.unit_grid(origin_code=CITY)
    ground.class_entry()
    ground.class_version()
    Organisation.objects.create(
        org_code="911101085923662400", name="环卫所", org_type="02", division_code=CITY[:12], origin_code=CITY
    )


def apart(number: int) -> str:
    """Places in the first grid that are far enough from each other not to be taken for one."""
    return f"SRID=4490;POINT({ground.WEST + 0.0005 * (number % 19 + 1)} {ground.SOUTH + 0.0005 * (number // 19 + 1)})"


def wrong_cases() -> None:
    """Cases that break one rule each, but for their twins."""
    now, hour = timezone.now(), dt.timedelta(hours=1)
    at = now - 6 * hour
    case(geom=apart(0), task_no="")
    case(geom=apart(1), duty_org="")
    case(geom=apart(2), kind="1", component_id="")
    case(geom=apart(3), state="31", reject_reason="")
    case(geom=apart(4), state="99")
    case(geom=apart(5), case_no="CASE-5")
    case(geom=apart(6), case_no="320100202601010000000006")
    twin = case(geom=apart(7))
    case(geom=twin.geom, at=twin.reported_at + hour / 2)
    case(geom=apart(8), class_code="99999")
    case(geom=apart(9), grid_code=ground.COMMUNITY + "777")
    case(geom=apart(10), duty_org="000000000000000000")
    case(geom=apart(11), component_id="33010201001999999")
    case(geom=apart(12), ext_class="LOCAL")
    late = case(geom=apart(13), at=now - 48 * hour)
    RecordVersion.objects.create(
        rid=late.rid, dataset="GL01", owner_code=CITY, rec_epoch=1, rev=1, op="U", content_sha=b"0" * 32, at=now
    )
    case(geom=apart(14), accepted_at=at - 10 * hour)
    closed = {"state": "80", "close_type": "1", "disposed_at": at, "checked_at": at + hour}
    case(geom=apart(15), **closed, at=at - 3 * hour, closed_at=at - 2 * hour)
    case(geom=apart(16), state="52")
    backwards = case(geom=apart(17))
    step(backwards, 1, "01", 2)
    step(backwards, 2, "04", 9)
    case(geom=apart(18), dispatched_at=now + 48 * hour)
    case(geom=apart(20), closed_at=at + 3 * hour, state="45")
    case(geom="SRID=4490;POINT(30.1 60.1)", grid_code="")
    case(geom="SRID=4490;POINT(121.9 29.9)", grid_code="")
    case(geom=f"SRID=4490;POINT({ground.WEST + 0.3} {ground.SOUTH + 0.3})")


def wrong_photos() -> None:
    """Photos that stand in two cases, are the same before and after, lie far away."""
    one, other, third = (case(geom=apart(21 + n)) for n in range(3))
    photo(one, "a")
    photo(other, "a")
    photo(third, "b")
    photo(third, "b", usage="handling")
    photo(third, "c", distance_m="900.0")


def wrong_crowds() -> None:
    """Twenty-one cases closed in a minute; a collector who always reports from one spot."""
    minute = (timezone.now() - dt.timedelta(days=2)).replace(second=5, microsecond=0)
    for number in range(21):
        day = minute - dt.timedelta(days=1, hours=number)
        case(geom=apart(30 + number), at=day, state="81", close_type="1", closed_at=minute, reporter_id=f"R{number}")
    noon = (timezone.localtime() - dt.timedelta(days=3)).replace(hour=12)
    for number in range(10):
        case(geom=apart(60), at=noon + dt.timedelta(minutes=number), reporter_id="SPOT", is_void="1")


def wrong_statistics() -> None:
    """A gap, sums that are not those of the cases, a jump, the same number every day, round ones, all on time."""
    today = timezone.localdate()
    month = today.replace(day=1)
    for back in range(1, 120):
        day = today - dt.timedelta(days=back)
        if back != 10:
            before = (month - dt.timedelta(days=1)).replace(day=1)
            many = 1000 if day >= before else 100
            row = daily(day, register_num=many, close_num=many, need_close_num=many, intime_close_num=many)
    RecordVersion.objects.create(
        rid=row.rid, dataset="GL04", owner_code=CITY, rec_epoch=1, rev=1, op="U", content_sha=b"0" * 32,
        at=timezone.now(),
    )  # fmt: skip
    daily(today - dt.timedelta(days=1), kind="1", intime_close_num=2, close_num=1)
    daily(today - dt.timedelta(days=1), kind="9")


def wrong_results() -> None:
    """Performance of a strange area and department, of two formula sets, too good, and last month's missing."""
    for month in ("202501", "202502", "202503"):
        result(month, target_code="330105", metrics={"on_time_closing_rate": "100.00"})
    result("202503")
    result("202503", formula_version="other-1", target_type="1")
    result("202503", target_code="320102")
    result("202503", target_type="2", target_code="GONE")
    result("202502", target_code="330103", grade="Z")
    result("202502", target_code="330104", score="120.00")


def wrong_ground() -> None:
    """Organisations, grids and components that break their rules."""
    Organisation.objects.create(
        org_code="911101085923662401", name="校验位错", org_type="02", division_code=CITY[:12], origin_code=CITY
    )
    ground.unit_grid("33010200100100X", west=ground.WEST + 0.02, origin_code=CITY, division_code=ground.COMMUNITY)
    ground.unit_grid("320102001001001", west=ground.WEST + 3, origin_code=CITY, division_code="320102001001")
    places = [f"SRID=4490;POINT({ground.WEST + 0.001 * n} {ground.SOUTH + 0.009})" for n in range(1, 9)]
    component("33010201001000001", origin_code=CITY, geom=places[0])
    component("33010201001000002", origin_code=CITY, geom=places[0])
    component("3301020100100000X", origin_code=CITY, geom=places[1])
    component("33010201001000003", origin_code=CITY, geom=places[2], grid_code=ground.COMMUNITY + "778")
    component("33010299999000004", origin_code=CITY, geom=places[3], class_code="99999")
    component("33010201001000005", origin_code=CITY, geom=places[4], division_code="330102001002")
    component("33010201001000006", origin_code=CITY, geom=f"SRID=4490;POINT({ground.WEST + 0.3} {ground.SOUTH + 0.3})")
    component("33010201001000007", origin_code=CITY, geom="SRID=4490;POINT(121.9 29.9)")


def faulty_city() -> None:
    """All of it, and one good case."""
    joined()
    ground_of_city()
    ground.class_entry("01001", kind="1", name="供水井盖")
    case(case_no=GOOD, geom=apart(29))
    wrong_cases()
    wrong_photos()
    wrong_crowds()
    wrong_statistics()
    wrong_results()
    wrong_ground()
