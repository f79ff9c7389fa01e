"""One of every record of the grid that goes upward, with a person's numbers in every text that people write."""

import datetime as dt
import uuid

from django.conf import settings
from django.utils import timezone

from grid.duty.models import EvaluationGrid, TeamStatistic
from grid.models import CaseDailyStatistic, CaseMedia, CaseStep
from grid.performance.models import PerformanceResult
from tests.factories import duty
from tests.factories import grid as ground
from tests.factories.ground import component
from tests.factories.people import person
from tests.factories.places import place

UPWARD = frozenset({"GL01", "GL04", "GL05", "GL10", "JC04", "JC05", "JC06", "JC07", "JC09"})
CASE_NO = "330100202601010000000001"
PHONE, LANDLINE, IDENTITY, PLATE = "13812345678", "0571-88886666", "330102199001011234", "浙A12B45"
LEADER, DEVICE, STAFF = "周某某", "TERMINAL-77", "某员工"
SAID = f"当事人电话{PHONE}或138 1234 5678,{LANDLINE},身份证{IDENTITY},车{PLATE}。"


def one_of_each() -> None:
    """One of everything that goes upward, a person's numbers in every text that people write."""
    codes = duty.ground(2)
    who = person("collector", name=STAFF)
    drawn = duty.duty_grid(codes, leader=LEADER)
    assert drawn.leader == LEADER
    component(grid_code=codes[0], note=SAID)
    case = ground.stored_case(
        case_no=CASE_NO, description=SAID, address=SAID, source_no=PHONE, dept_code1="A",
        dept_name1="城管局", reporter_type="2", reporter_id="ab" * 32, is_void="1",
    )  # fmt: skip
    CaseStep.objects.create(
        case=case, origin_code=settings.CITYOPS_NODE, seq=1, action="01", to_state="10", operator_role="01",
        operator_id=who.pk, operated_at=timezone.now(), opinion=SAID,
    )  # fmt: skip
    CaseMedia.objects.create(
        media_id=uuid.UUID(int=7), case=case, step_seq=1, stage="01", usage="report", taken_at=timezone.now(),
        geom=case.geom, distance_m="3.5", sha256="ab" * 32, phash="0123456789abcdef", device_id=DEVICE,
        file="secret/picture.jpg", uploaded_by=who, uploaded_at=timezone.now(),
    )  # fmt: skip
    counts = [field.name for field in CaseDailyStatistic._meta.concrete_fields if field.name.endswith("_num")]
    CaseDailyStatistic.objects.create(
        division_code=ground.COMMUNITY, stat_date=dt.date(2026, 1, 1), kind="2", **dict.fromkeys(counts, 0)
    )
    EvaluationGrid.objects.create(
        grid_code="33010200101A", name="一号", grid_type="A", division_code="330102001", eval_year="2026", status="1",
        geom=ground.box(120.0, 30.0, 120.01, 30.01),
    )  # fmt: skip
    TeamStatistic.objects.create(
        division_code="330100", period_code="202601", collectors=3, seat_count=2, coverage_km2="1.5",
        grids_total=2, grids_patrolled=1,
    )  # fmt: skip
    PerformanceResult.objects.create(
        period="M", period_code="202601", target_type="1", target_code="330102", metrics={"close_rate": 90.0},
        score="90.00", grade="A", formula_version="1", computed_at=timezone.now(),
    )  # fmt: skip
    place(std_address="测试社区文化广场")
