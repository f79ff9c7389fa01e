"""Who is responsible for a part of the city imports into that part: nothing else is written, nothing replaced."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from cityops.foundation.errors import NotAllowed
from grid.models import Case, Component, ImportRun, UnitGrid
from tests.factories import grid as ground
from tests.factories.ground import FIRST, component, csv_file
from tests.factories.people import person
from tests.grid.imports import test_cases, test_components, test_matters
from tests.grid.imports.test_grids import MAPPING as GRIDS
from tests.grid.imports.test_grids import box, code, features

pytestmark = pytest.mark.django_db
OTHER = "330106000000"


@pytest.fixture
def stranger(city):
    """The data officer of another district of the same city."""
    return person("data_officer", division_code=OTHER)


@pytest.fixture
def local(city):
    """The data officer of the district in which the rows lie."""
    return person("data_officer", division_code="330102000000")


def test_components_of_another_district_are_refused_and_those_stored_stay(stranger, run_import, faults, tmp_path):
    component(FIRST, dept_name1="原部门")
    rows = [test_components.row(1), test_components.row(2)]
    path = csv_file(tmp_path / "c.csv", rows)
    run = run_import("components", path, test_components.MAPPING, user=stranger, skip_refused=True)
    assert faults(run) == [(2, "outside_scope"), (3, "outside_scope")]
    assert "330106000000" in run.issues.first().message
    assert run.issues.first().remedy
    assert Component.objects.get().dept_name1 == "原部门"


def test_a_component_is_not_taken_over_from_another_district(local, run_import, faults, tmp_path):
    """Its new place would be in the own district; the stored one lies in another."""
    component(FIRST, division_code="330106001001")
    path = csv_file(tmp_path / "c.csv", [test_components.row(1)])
    assert faults(run_import("components", path, test_components.MAPPING, user=local)) == [(2, "outside_scope")]
    assert Component.objects.get().division_code == "330106001001"


def test_grids_of_another_district_are_refused(stranger, run_import, faults, tmp_path):
    before = UnitGrid.objects.get().geom
    path = features(tmp_path / "g.geojson", (code(1), box(120.02, 30, 120.03, 30.01)))
    assert faults(run_import("grids", path, GRIDS, user=stranger)) == [(1, "outside_scope")]
    assert UnitGrid.objects.get().geom == before


def test_cases_of_another_district_are_refused_in_a_grid_and_in_none(stranger, run_import, faults, tmp_path):
    rows = [test_cases.row(1), test_cases.row(2, 经度=ground.WEST + 0.2)]
    run = run_import("cases", csv_file(tmp_path / "h.csv", rows), test_cases.MAPPING, user=stranger)
    assert faults(run) == [(2, "outside_scope"), (3, "outside_scope")]
    assert not Case.objects.exists()


def test_who_is_responsible_for_the_district_imports_it_and_sees_the_run(local, run_import, tmp_path):
    path = csv_file(tmp_path / "h.csv", [test_cases.row(1)])
    run = run_import("cases", path, test_cases.MAPPING, user=local)
    assert (run.state, run.division_code) == ("done", "330102000000")
    assert ImportRun.objects.visible_to(local).exists()


def test_local_classes_hold_in_the_whole_city(local, run_import, tmp_path):
    with pytest.raises(NotAllowed, match="全市"):
        run_import("matters", csv_file(tmp_path / "m.csv", [test_matters.row()]), test_matters.MAPPING, user=local)
    officer = person("data_officer")
    path = csv_file(tmp_path / "m.csv", [test_matters.row()])
    assert run_import("matters", path, test_matters.MAPPING, user=officer).state == "done"


@pytest.mark.parametrize("door", ["page", "api"])
def test_at_every_door_the_uploader_is_who_is_signed_in(stranger, client, settings, tmp_path, door):
    settings.VAR = tmp_path
    component(FIRST, dept_name1="原部门")
    data = csv_file(tmp_path / "c.csv", [test_components.row(1)]).read_bytes()
    upload = {"kind": "components", "file": SimpleUploadedFile("c.csv", data)}
    client.force_login(stranger)
    if door == "page":
        mapping = SimpleUploadedFile("m.toml", test_components.MAPPING.encode())
        answer = client.post(reverse("import-new"), {**upload, "mapping": mapping})
        assert answer.status_code == 302
    else:
        answer = client.post(reverse("api:import-list"), {**upload, "mapping": test_components.MAPPING})
        assert (answer.status_code, json.loads(answer.content)["state"]) == (201, "refused")
    run = ImportRun.objects.get()
    assert run.issues.get(is_fatal=True).code == "outside_scope"
    assert client.get(reverse("import-detail", args=[run.pk])).status_code == 200
    assert Component.objects.get().dept_name1 == "原部门"
