"""The import template: downloaded, filled in and imported as it is, without a mapping."""

import io

import openpyxl
import pytest
from django.core.management import call_command
from django.urls import reverse

from grid.models import Case, Component, UnitGrid
from grid.services.imports.definitions import field_of
from grid.services.imports.runs import RECIPES
from sync.standard.files import shipped_catalogue
from sync.standard.models import ClassEntry
from sync.standard.services.documents import import_template
from tests.factories import grid as ground
from tests.factories.ground import csv_file
from tests.factories.people import person

pytestmark = pytest.mark.django_db
EAST, NORTH = ground.WEST + 0.005, ground.SOUTH + 0.005
COMPONENT = {
    "管理部件标识码": "33010201001000001",
    "主管部门代码": "ZG0000000000000001",
    "主管部门名称": "测试城管局",
    "管理部件状态": "02",
    "经度": EAST,
    "纬度": NORTH,
    "初始日期": "2026-03-01",
}
CASE = {
    "案件号": "3301002026030100000001",
    "案件状态": "10",
    "分类代码": ground.LITTER,
    "问题描述": "路面积水",
    "事发位置": "文三路 1 号",
    "上报时间": "2026-03-01 08:30",
    "主管部门代码": "ZG0000000000000001",
    "主管部门名称": "测试城管局",
    "经度": EAST,
    "纬度": NORTH,
}


@pytest.fixture
def filled(tmp_path):
    """The template of a dataset with rows filled in by head."""

    def fill(dataset, *rows):
        catalogue = shipped_catalogue()
        book = openpyxl.load_workbook(io.BytesIO(import_template(catalogue.by_code[dataset], catalogue)))
        sheet = book.worksheets[0]
        heads = [cell.value for cell in sheet[1]]
        for number, row in enumerate(rows, 2):
            for head, value in row.items():
                sheet.cell(number, heads.index(head) + 1, value)
        path = tmp_path / f"{dataset}.xlsx"
        book.save(path)
        return path

    return fill


def test_a_filled_template_of_components_is_taken_without_a_mapping(city, run_import, filled):
    run = run_import("components", filled("JC07", COMPONENT), "")
    assert (run.state, run.refusal, run.rows_taken) == ("done", "", 1)
    taken = Component.objects.get()
    assert (taken.state, taken.obj_name, taken.geom.geom_type) == ("02", "供水井盖", "Point")
    assert "照片" in run.summary["ignored_columns"]


def test_a_line_is_given_as_wkt_beside_points(city, run_import, filled):
    line = {**COMPONENT, "管理部件标识码": "33010201001000002", "经度": None, "纬度": None}
    line["位置"] = f"LINESTRING ({EAST} {NORTH}, {EAST + 0.001} {NORTH})"
    assert run_import("components", filled("JC07", COMPONENT, line), "").rows_taken == 2
    assert Component.objects.get(obj_id="33010201001000002").geom.geom_type == "LineString"


def test_a_filled_template_of_grids_is_taken(city, run_import, filled):
    west = ground.WEST + 0.05
    square = f"POLYGON (({west} 30.2, {west + 0.001} 30.2, {west + 0.001} 30.201, {west} 30.201, {west} 30.2))"
    row = {"单元网格编码": ground.COMMUNITY + "002", "网格名称": "二号网格", "网格边界": square, "状态": "1"}
    run = run_import("grids", filled("JC04", row), "")
    assert run.state == "done", list(run.issues.values("code", "message"))
    assert UnitGrid.objects.get(grid_code=ground.COMMUNITY + "002").name == "二号网格"


def test_a_filled_template_of_cases_is_taken(city, run_import, filled):
    run = run_import("cases", filled("GL01", CASE), "")
    assert run.state == "done", list(run.issues.values("code", "message"))
    assert Case.objects.get().address == "文三路 1 号"


def test_a_filled_template_of_classes_is_taken(city, run_import, filled):
    row = {"分类代码": "01901", "名称": "本市事项", "标准版本": "HZ-2026", "映射到国标代码": ground.LITTER, "类别": "2"}
    assert run_import("matters", filled("JC08", row), "").state == "done"
    assert ClassEntry.objects.get(version="HZ-2026").class_name == "本市事项"


def test_heads_may_be_names_of_fields_and_a_mapping_may_only_say_the_rest(city, run_import, tmp_path):
    names = {"obj_id": COMPONENT["管理部件标识码"], "dept_code1": "ZG1", "longitude": EAST, "latitude": NORTH}
    path = csv_file(tmp_path / "c.csv", [{**names, "别的": "x"}])
    run = run_import("components", path, '[file]\ncoordinates = "WGS-84"\n[constants]\ndept_name1 = "城管局"\n')
    assert run.state == "done", run.refusal
    assert run.summary["ignored_columns"] == "别的"
    taken = Component.objects.get()
    assert (taken.dept_name1, taken.source_crs) == ("城管局", "WGS-84")


def test_a_file_without_its_heads_is_refused_with_what_is_missing(city, run_import, tmp_path):
    run = run_import("components", csv_file(tmp_path / "c.csv", [{"编号": "1", "主管部门代码": "x"}]), "")
    assert run.state == "refused"
    assert "obj_id" in run.refusal
    assert "模板" in run.refusal


def test_the_command_needs_no_mapping(city, filled, capsys):
    call_command("import_components", filled("JC07", COMPONENT))
    assert "taken: 1" in capsys.readouterr().out


def test_the_page_offers_the_templates_and_takes_a_file_without_a_mapping(city, filled, client):
    client.force_login(person("data_officer"))
    text = client.get(reverse("import-new"), {"kind": "components"}).content.decode()
    assert reverse("dataset-template", args=("JC07",)) in text
    with filled("JC07", COMPONENT).open("rb") as file:
        answer = client.post(reverse("import-new"), {"kind": "components", "file": file})
    assert answer.status_code == 302
    assert Component.objects.count() == 1


def test_limits_come_from_the_loaded_standard():
    found = shipped_catalogue()
    assert field_of("GL01", "filed_at", found).name == "registered_at"
    for recipe in RECIPES.values():
        fields = {field.name: field for field in recipe.fields(found)}
        assert set(fields) == recipe.names()
    assert {name for name, field in fields.items() if field.required} >= {"case_no", "state", "description"}


def test_a_loaded_default_with_another_length_limits_the_import(city, run_import, faults, filled, monkeypatch):
    found = shipped_catalogue()
    name = found.by_code["JC07"].by_name["dept_name1"]
    monkeypatch.setitem(name.__dict__, "parsed", type(name.parsed)(name.parsed.kind, 3))
    run = run_import("components", filled("JC07", COMPONENT), "")
    assert faults(run) == [(2, "too_long")]
