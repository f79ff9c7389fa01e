"""The Boston precincts and a quarter of its requests, through the real commands, to the exact figures."""

import io

import pytest
from django.core.management import call_command
from django.db.models import F

from grid.models import Case, CaseStep, ImportRun
from tests.factories import boston

pytestmark = pytest.mark.django_db


@pytest.fixture
def boston_city(as_tier, settings, shared_data):
    settings.TIME_ZONE = "America/New_York"
    as_tier("municipal", boston.CITY)
    boston.divisions(shared_data)
    boston.classes()
    return shared_data


def test_a_quarter_of_boston_gives_the_known_figures(boston_city):
    grids = boston_city / "city_grid" / "boston_precincts_wgs84.geojson.gz"
    history = boston_city / "incidents" / "boston_311_2011q3.csv.gz"
    told = io.StringIO()
    call_command(
        "import_grids", grids, mapping=boston.MAPPINGS / "boston_grids.toml", repair=True, stdout=told, stderr=told
    )
    call_command("import_cases", history, mapping=boston.MAPPINGS / "boston_cases.toml", stdout=told, stderr=told)

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
