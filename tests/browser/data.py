"""A small, always equal set of cases for the pages; runs inside an instance (``manage.py shell``)."""

import datetime as dt

from django.contrib.gis.geos import Point, Polygon
from django.utils import timezone

from cityops.accounts.models import Organisation, User
from grid.interfaces.models import Partner
from grid.models import Case, CaseStep, Component, UnitGrid
from tiers.models import Node

WEST, SOUTH, STEP = 120.165, 30.245, 0.004
HOURS = 3600
NAMES = (("暴露垃圾", "06001"), ("店外经营", "06002"), ("道路破损", "06003"))
PATH = (("", "10", "01"), ("10", "30", "04"), ("30", "40", "05"), ("40", "45", "07"), ("45", "50", "09"),
        ("50", "60", "10"), ("60", "61", "17"), ("61", "70", "18"), ("70", "80", "20"))  # fmt: skip


def fill(city: str = "330100000000", street: str = "330102001", count: int = 45) -> None:
    """Nine unit grids and ``count`` cases of the last weeks, one in three still open; owned by the city's node."""
    node = f"{city}-C"
    grids = [_grid(node, street, place) for place in range(9)]
    UnitGrid.objects.bulk_create(grids)
    Component.objects.create(
        origin_code=node, obj_id=f"{street}00100001", obj_name="供水井盖", class_code="01001",
        std_ref="GB/T 47678.5-2026", dept_code1="", dept_name1="", grid_code=grids[0].grid_code,
        division_code=grids[0].division_code, init_date=dt.date(2026, 1, 1), geom=Point(WEST, SOUTH, srid=4490),
    )  # fmt: skip
    duty = Organisation.objects.filter(org_type="05").order_by("org_code").first()
    cases = [_case(node, city, grids[n % 9], n, duty.org_code if duty else "") for n in range(count)]
    Case.objects.bulk_create(cases)
    CaseStep.objects.bulk_create([step for case in cases for step in _steps(case)])


def partner(city: str = "330100000000") -> None:
    """A district's platform to which a city's sending was stopped, with one of everything on its page."""
    cases = Case.objects.order_by("case_no")[:3]
    account = User.objects.create_user(username="shangcheng-platform", division_code=city, is_integration=True)
    one = Partner.objects.create(
        code="shangcheng", name="上城区平台", kind="district", division_code=city, account=account,
        webhook_url="https://district.example/hooks/", stopped_at=timezone.now(), stopped_why="对方应答 410",
        refused_at=timezone.now(), refused_why="签名不符",
    )  # fmt: skip
    one.secrets.create(direction="out", closed=b"", hint="abcd")
    for case, attention in zip(cases, ("", "", "fail_check: 案件现为待派遣"), strict=True):
        one.shares.create(case=case, their_no="D-1", assigned_at=timezone.now(), attention=attention)
        for state in ("delivered", "failed", "waiting"):
            one.deliveries.create(
                case=case, seq=1, type="case.moved", payload={"data": {}}, state=state, created_at=timezone.now(),
                attempts=1, status=200, answer="{}",
            )  # fmt: skip
        one.calls.create(
            msg_id=f"msg_{case.case_no}", sent_at=timezone.now(), sha=b"x", type="case.moved", case=case,
            answer={"done": False, "why": "没有对应的案件"},
        )  # fmt: skip
    one.notices.create(title="停电通知", text="周五停电", issued_at=timezone.now())


def node(city: str, name: str) -> None:
    """The city's platform, as an upper tier knows it."""
    Node.objects.get_or_create(
        node_code=f"{city}-C",
        defaults={
            "origin_code": f"{city}-C", "tier": "3", "division_code": city, "parent_code": f"{city[:2]}0000000000-P",
            "platform_name": f"{name}城市运行管理服务平台", "base_url": "", "std_version": "1", "status": "03",
        },
    )  # fmt: skip


def _grid(node: str, street: str, place: int) -> UnitGrid:
    code = f"{street}001{place + 1:03d}"
    west, south = WEST + place % 3 * STEP, SOUTH + place // 3 * STEP
    shape = Polygon.from_bbox((west, south, west + STEP, south + STEP))
    shape.srid = 4490
    return UnitGrid(
        origin_code=node, grid_code=code, division_code=code[:12], geom=shape, area_m2=160_000,
        init_date=dt.date(2026, 1, 1),
    )  # fmt: skip


def _case(node: str, city: str, grid: UnitGrid, number: int, duty: str) -> Case:
    name, code = NAMES[number % 3]
    reported = timezone.now() - dt.timedelta(hours=1 + number * number / 2)
    length = len(PATH) if number % 3 else 1 + number % len(PATH)
    limit = dt.timedelta(hours=4 if number % 2 else 100)
    west, south = grid.geom.extent[:2]
    case = Case(
        origin_code=node,
        case_no=f"{city[:6]}{reported:%Y%m%d}{number + 900_001:010d}",
        kind="2", std_ref="GB/T 47678.5-2026", class_code=code, matter_name=name, dept_code1="", dept_name1="",
        source="01", description=f"{name}，影响通行。", address=f"解放路 {number + 1} 号",
        geom=Point(west + STEP / 3, south + STEP / 2, srid=4490),
        grid_code=grid.grid_code, division_code=grid.division_code, reporter_type="1", reported_at=reported,
        state=PATH[length - 1][1], duty_org=duty if length > 3 else "",
    )  # fmt: skip
    case.passed = length
    marks = ("accepted_at", "filed_at", "dispatched_at", None, "disposed_at", None, "checked_at", "closed_at")
    for place, mark in enumerate(marks[: length - 1], start=1):
        if mark:
            setattr(case, mark, reported + dt.timedelta(minutes=20 * place))
    if case.dispatched_at:
        case.dispose_deadline = case.dispatched_at + limit
        case.close_deadline = case.dispose_deadline + dt.timedelta(hours=1)
    if case.closed_at:
        case.close_type = "1"
        case.closed_at += dt.timedelta(hours=number % 8)
    else:
        case.stage_due_at = reported + limit
        case.stage_warn_at = reported + limit * 0.8
    return case


def _steps(case: Case) -> list[CaseStep]:
    return [
        CaseStep(
            case=case, origin_code=case.origin_code, seq=place + 1, action=action, from_state=origin, to_state=to,
            operator_role="02", operated_at=case.reported_at + dt.timedelta(minutes=20 * place),
            opinion="情况属实。" if place == 1 else "",
        )
        for place, (origin, to, action) in enumerate(PATH[: case.passed])
    ]  # fmt: skip
