"""The Boston precincts and a quarter of its requests, through the real commands, to the exact figures."""

import pytest
from django.core.management import CommandError
from django.db import connection
from django.db.models import F

from cityops.foundation.records import registry
from grid.models import Case, CaseStep, ImportRun, UnitGrid
from sync.standard.validation import sql_checks
from tests.factories import boston

pytestmark = pytest.mark.django_db


@pytest.fixture
def boston_city(as_tier, settings, shared_data):
    settings.TIME_ZONE = boston.ZONE
    as_tier("municipal", boston.CITY)
    boston.ground(shared_data)
    return shared_data


def test_precincts_without_repair_are_refused_row_by_row(as_tier, shared_data):
    as_tier("municipal", boston.CITY)
    boston.call("load_regions", file=shared_data / boston.PRECINCTS, mapping=boston.MAPPINGS / "boston_divisions.toml")
    with pytest.raises(CommandError):
        boston.call("import_grids", shared_data / boston.PRECINCTS, mapping=boston.MAPPINGS / "boston_grids.toml")
    run = ImportRun.objects.get()
    assert run.summary["issues"]["invalid_geometry"] == 2
    assert run.summary["issues"]["overlap"] > 30
    assert not UnitGrid.objects.exists()


def test_a_quarter_of_boston_gives_the_known_figures(boston_city):
    told = boston.history(boston_city)
    assert "in_no_grid: 6" in told
    grid_run = ImportRun.objects.get(kind="grids")
    assert (grid_run.state, grid_run.rows_read, grid_run.rows_taken) == ("done", 255, 255)
    assert grid_run.summary["invalid"] == 2

    cases = Case.objects.all()
    assert cases.count() == 31_828
    closed = cases.filter(state="80", closed_at__isnull=False)
    assert closed.count() == 30_081
    with_deadline = closed.filter(close_deadline__isnull=False)
    assert with_deadline.count() == 25_183
    assert with_deadline.filter(closed_at__lte=F("close_deadline")).count() == 20_356
    assert cases.filter(grid_code="").count() == 6
    assert CaseStep.objects.count() == 2 * 31_828 + 30_081
    first = cases.get(source_no="101000295613")
    assert first.case_no == "990100201107011000295613"
    assert first.reported_at.isoformat() == "2011-07-01T05:32:33+00:00"
    _none_would_be_parked("GL01")
    _none_would_be_parked("JC04")


def _none_would_be_parked(dataset):
    """What the upper tiers check finds nothing wrong with what was imported."""
    kind = registry.get(dataset)
    rules = [(check.code, check.broken) for check in sql_checks(dataset, kind.fields)]
    rules += [(code, broken) for code, broken, _remedy in kind.checks]
    with connection.cursor() as cursor:
        for rule, broken in rules:
            cursor.execute(f"SELECT count(*) FROM {kind.table} AS r WHERE {broken}")
            assert (rule, cursor.fetchone()[0]) == (rule, 0)
