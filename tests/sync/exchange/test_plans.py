"""Large statements: foreign keys are checked by the index, and a case is marked once for all its new steps."""

import pytest
from django.db import connection

from grid.models import CaseStep
from sync.exchange.models import DirtyMark
from sync.exchange.services.receiving import forget_plans
from tests.evaluation.cases import at, case, save

pytestmark = pytest.mark.django_db
MANY = 600


def rows_read_one_after_the_other() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'grid_case'")
        return cursor.fetchone()[0]


def add_steps(cases) -> int:
    """A step for each; returns how many cases were read for the checks."""
    before = rows_read_one_after_the_other()
    CaseStep.objects.bulk_create(
        CaseStep(case=one, origin_code=one.origin_code, seq=1, action="01", to_state="10", operated_at=at("2026-10-05"))
        for one in cases
    )
    return rows_read_one_after_the_other() - before


def test_checks_forget_the_plan_that_was_made_for_a_small_table():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")  # steps are append-only
        cursor.execute("TRUNCATE grid_case CASCADE")  # rolled-back rows of tests before still fill its pages
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
        few = save(*(case() for _ in range(10)))
        cursor.execute("ANALYZE grid_case")
        forget_plans(cursor)  # those of the tests before
        add_steps(few)
        half = MANY // 2
        many = save(*(case() for _ in range(MANY)))
        assert add_steps(many[half:]) > half * half, "no plan was kept: what is forgotten here?"
        forget_plans(cursor)
        assert add_steps(many[:half]) < MANY * 10


def test_many_steps_written_at_once_mark_their_case_once():
    cases = save(*(case() for _ in range(50)))
    DirtyMark.objects.all().delete()
    CaseStep.objects.bulk_create(
        CaseStep(
            case=one, origin_code=one.origin_code, seq=seq, action="01", to_state="10", operated_at=at("2026-10-05")
        )
        for one in cases
        for seq in (1, 2, 3)
    )
    assert DirtyMark.objects.filter(dataset="GL01").count() == len(cases)
