"""Pages of the standard: the dictionary, downloads, classes, rules and their editing."""

import csv
import io
import json

import openpyxl
import pytest
from django.core.management import call_command
from django.urls import reverse

from cityops.foundation.errors import InvalidInput
from cityops.foundation.models import AuditEvent
from sync.standard.files import shipped_catalogue
from sync.standard.models import DictionaryVersion, DisposalRule
from sync.standard.services.editing import edit_rule
from tests.factories.people import person

pytestmark = pytest.mark.django_db
READ = (
    ("standard-index", ()),
    ("dataset-detail", ("GL01",)),
    ("dataset-template", ("GL01",)),
    ("dataset-schema", ("GL01",)),
    ("code-list-detail", ("CL_CASESTATE",)),
    ("class-list", ()),
    ("class-export", ()),
    ("rule-list", ()),
    ("rule-export", ()),
    ("standard-export", ()),
)


@pytest.fixture
def loaded():
    call_command("load_standard", verbosity=0)


@pytest.fixture
def reader(client):
    client.force_login(person("collector"))
    return client


@pytest.fixture
def keeper(client):
    client.force_login(person("data_officer"))
    return client


@pytest.mark.parametrize(("name", "args"), READ)
def test_who_is_not_signed_in_signs_in_first(client, name, args):
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 302
    assert reverse("sign-in") in answer.url


@pytest.mark.parametrize(("name", "args"), READ)
def test_everyone_who_is_signed_in_reads(loaded, reader, name, args):
    assert reader.get(reverse(name, args=args), {"format": "csv"}).status_code == 200


@pytest.mark.parametrize(("name", "args"), READ)
def test_pages_answer_before_anything_is_loaded(reader, name, args):
    assert reader.get(reverse(name, args=args), {"format": "csv"}).status_code == 200


@pytest.mark.parametrize("tier", ["national", "provincial", "municipal"])
def test_every_tier_has_the_dictionary(as_tier, reader, tier):
    as_tier(tier)
    assert reader.get(reverse("standard-index")).status_code == 200


def test_the_index_finds_a_dataset_by_one_of_its_fields(reader):
    text = reader.get(reverse("standard-index"), {"q": "返工次数"}).content.decode()
    assert reverse("dataset-detail", args=("GL01",)) in text
    assert reverse("dataset-detail", args=("JC04",)) not in text


def test_the_index_says_when_nothing_fits(reader):
    assert "没有符合的数据集" in reader.get(reverse("standard-index"), {"q": "zzz"}).content.decode()


@pytest.mark.parametrize(
    ("name", "code"), [("dataset-detail", "XX99"), ("dataset-template", "XX99"), ("code-list-detail", "CL_NOT")]
)
def test_what_the_catalogue_does_not_have_is_not_there(reader, name, code):
    assert reader.get(reverse(name, args=(code,))).status_code == 404


def test_an_unknown_version_is_not_there(reader):
    assert reader.get(reverse("standard-index"), {"version": "NONE"}).status_code == 404


def test_the_dictionary_shows_every_field_with_its_obligation(reader):
    text = reader.get(reverse("dataset-detail", args=("GL01",))).content.decode()
    for shown in ("grid_code", "SZDYWGBSM", "C(15)", "条件必填", "不在任何单元网格内的案件保留"):
        assert shown in text


def test_the_template_has_a_column_for_each_field_and_offers_the_codes(reader):
    answer = reader.get(reverse("dataset-template", args=("JC04",)))
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    data = book.worksheets[0]
    assert [cell.value for cell in data[1]][:3] == ["单元网格编码", "网格名称", "所属社区代码"]
    assert len(data.data_validations.dataValidation) == 2
    assert book.worksheets[1].max_row == 12


def test_the_schema_accepts_what_the_validator_accepts(reader):
    schema = json.loads(reader.get(reverse("dataset-schema", args=("GL01",))).content)
    assert schema["additionalProperties"] is False
    assert "case_no" in schema["required"]
    assert "grid_code" not in schema["required"]
    assert schema["properties"]["state"]["enum"][0] == "10"
    assert schema["properties"]["case_no"]["maxLength"] == 24


def test_classes_are_those_of_the_default_version_unless_asked_otherwise(loaded, reader):
    text = reader.get(reverse("class-list"), {"q": "井盖"}).content.decode()
    assert "供水井盖异常" in text
    older = reader.get(reverse("class-list"), {"version": "CJ/T 214-2007", "q": "上水井盖"}).content.decode()
    assert "01001" in older


def test_the_export_of_classes_is_what_the_filter_leaves(loaded, reader):
    answer = reader.get(reverse("class-export"), {"q": "井盖", "kind": "1", "format": "xlsx"})
    sheet = openpyxl.load_workbook(io.BytesIO(answer.getvalue())).active
    names = [row[3] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert names
    assert all("井盖" in name for name in names)


def lines(answer):
    return list(csv.reader(answer.getvalue().decode("utf-8-sig").splitlines()))


def test_the_export_of_rules_is_what_the_filter_leaves(loaded, reader):
    rows = lines(reader.get(reverse("rule-export"), {"level": "relaxed", "format": "csv"}))
    assert len(rows) == 2
    assert "放宽" in rows[1]
    assert AuditEvent.objects.filter(action="rule.export").count() == 1


def test_the_dictionary_is_exported_field_by_field(reader):
    rows = lines(reader.get(reverse("standard-export"), {"dataset": "JC04", "format": "csv"}))
    assert [row[3] for row in rows[1:]] == [entry.name for entry in shipped_catalogue().by_code["JC04"].fields]
    assert len(lines(reader.get(reverse("standard-export"), {"format": "csv"}))) > 500
    assert reader.get(reverse("standard-export"), {"dataset": "XX"}).status_code == 404


def test_rules_of_another_set_are_listed_when_it_is_chosen(loaded, reader):
    other = DictionaryVersion.objects.get(code="SAMPLE-2026.1")
    other.pk, other.code, other.title, other.is_default = None, "OTHER", "另一套规则", False
    other.save()
    DisposalRule.objects.filter(class_code="0101", condition_no=1).update(rule_set=other, class_name="改过的井盖")
    assert "改过的井盖" not in reader.get(reverse("rule-list")).content.decode()
    text = reader.get(reverse("rule-list"), {"rule_set": "OTHER"}).content.decode()
    assert "改过的井盖" in text
    assert "不是默认规则集" in text


def new_rule(**changes):
    values = {"filing_condition": "有积水", "closing_condition": "已排除", "level": "ordinary", "limit_value": "4"}
    values |= {"limit_unit": "work_hour", "is_active": "on", "reason": "市规〔2〕", "kind": "2", "class_code": "01001"}
    return {**values, **changes}


def test_a_rule_is_added_for_a_class_and_stays_when_the_set_is_loaded_again(loaded, keeper):
    DisposalRule.objects.filter(matter_codes__contains=["01001"]).delete()
    text = keeper.get(reverse("class-list"), {"kind": "2", "q": "01001"}).content.decode()
    assert f"{reverse('rule-new')}?kind=2&amp;class_code=01001" in text
    answer = keeper.post(reverse("rule-new"), new_rule())
    rule = DisposalRule.objects.active().get(class_code="01001")
    assert answer.url == reverse("rule-edit", args=(rule.pk,))
    assert (rule.condition_no, rule.matter_codes, rule.is_edited) == (1, ["01001"], True)
    assert AuditEvent.objects.get(action="rule.add").reason == "市规〔2〕"
    keeper.post(reverse("rule-new"), new_rule())
    assert DisposalRule.objects.filter(class_code="01001", condition_no=2).exists()
    DictionaryVersion.objects.filter(kind="rules").update(content_sha=b"old")
    call_command("load_standard", verbosity=0)
    assert DisposalRule.objects.filter(class_code="01001").count() == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"class_code": "99999"}, "class_code"),
        ({"reason": ""}, "reason"),
        ({"limit_value": "-1"}, "limit_value"),
        ({"limit_unit": ""}, "limit_unit"),
        ({"kind": "9"}, "kind"),
    ],
)
def test_a_rule_that_cannot_be_is_not_added(loaded, keeper, changes, field):
    before = DisposalRule.objects.count()
    answer = keeper.post(reverse("rule-new"), new_rule(**changes))
    assert answer.status_code == 400
    assert f"id_{field}_error" in answer.content.decode()
    assert DisposalRule.objects.count() == before


def test_a_rule_is_not_added_before_a_set_is_loaded(keeper):
    answer = keeper.post(reverse("rule-new"), new_rule())
    assert answer.status_code == 400
    assert "load_standard" in answer.content.decode()


def test_the_dictionary_reads_english_to_who_chose_it(loaded, reader):
    english = {"Accept-Language": "en"}
    index = reader.get(reverse("standard-index"), headers=english).content.decode()
    for shown in ("Unit grids", "City base data", "at once when changed"):
        assert shown in index
    page = reader.get(reverse("dataset-detail", args=("GL01",)), headers=english).content.decode()
    assert "Case no" in page
    assert "<h1>Cases " in page
    answer = reader.get(reverse("dataset-template", args=("JC07",)), headers=english)
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert [cell.value for cell in book.worksheets[0][1]][:2] == ["obj_id", "obj_name"]


def test_a_point_has_two_columns_and_other_shapes_are_written_as_wkt(reader):
    def heads(code):
        book = openpyxl.load_workbook(io.BytesIO(reader.get(reverse("dataset-template", args=(code,))).content))
        return [cell.value for cell in book.worksheets[0][1]]

    assert "坐标" not in heads("GL01")
    assert {"经度", "纬度", "位置"} <= set(heads("JC07"))
    assert "网格边界" in heads("JC04")
    assert "经度" not in heads("JC04")


def test_the_schema_says_when_a_conditional_field_must_be_filled(reader):
    schema = json.loads(reader.get(reverse("dataset-schema", args=("JC01",))).content)
    assert {
        "if": {"required": ["level"], "properties": {"level": {"enum": [2, 3, 4, 5, 6]}}},
        "then": {"required": ["parent_code"], "properties": {"parent_code": {"not": {"enum": [None, ""]}}}},
    } in schema["allOf"]


@pytest.mark.parametrize("name", ["class-list", "rule-list"])
def test_lists_cost_the_same_however_long_they_are(loaded, reader, name, django_assert_max_num_queries):
    with django_assert_max_num_queries(14):
        reader.get(reverse(name))


def edit_values(rule, **changes):
    names = ("filing_condition", "filing_condition_en", "closing_condition", "closing_condition_en", "level")
    values = {name: getattr(rule, name) for name in names}
    return {
        **values,
        "limit_value": "3.0",
        "limit_unit": "work_hour",
        "is_active": "on",
        "reason": "市规〔1〕",
        **changes,
    }


def test_a_rule_is_edited_with_its_reason_in_the_trail(loaded, keeper):
    rule = DisposalRule.objects.first()
    answer = keeper.post(reverse("rule-edit", args=(rule.pk,)), edit_values(rule))
    assert answer.status_code == 302
    rule.refresh_from_db()
    assert (str(rule.limit_value), rule.limit_unit, rule.is_edited) == ("3.0", "work_hour", True)
    event = AuditEvent.objects.get(action="rule.edit")
    assert event.reason == "市规〔1〕"
    assert event.after == {"limit_value": "3.0", "limit_unit": "work_hour"}
    assert "市规〔1〕" in keeper.get(reverse("rule-edit", args=(rule.pk,))).content.decode()


@pytest.mark.parametrize(
    ("changes", "field"), [({"reason": " "}, "reason"), ({"limit_unit": ""}, "limit_unit"), ({"level": "x"}, "level")]
)
def test_a_bad_edit_is_refused_at_the_field_and_changes_nothing(loaded, keeper, changes, field):
    rule = DisposalRule.objects.first()
    answer = keeper.post(reverse("rule-edit", args=(rule.pk,)), edit_values(rule, **changes))
    assert answer.status_code == 400
    assert f"id_{field}_error" in answer.content.decode()
    rule.refresh_from_db()
    assert not rule.is_edited
    assert not AuditEvent.objects.filter(action="rule.edit").exists()


def test_who_may_not_edit_rules_is_refused_and_nothing_changes(loaded, reader):
    rule = DisposalRule.objects.first()
    answer = reader.post(reverse("rule-edit", args=(rule.pk,)), edit_values(rule))
    assert answer.status_code == 403
    rule.refresh_from_db()
    assert not rule.is_edited


def test_editing_with_the_same_values_writes_nothing(loaded):
    rule = DisposalRule.objects.first()
    edit_rule(person("data_officer"), rule=rule, changes={"level": rule.level}, reason="again")
    assert not DisposalRule.objects.get(pk=rule.pk).is_edited


@pytest.mark.parametrize(
    ("changes", "reason"), [({"level": "urgent"}, ""), ({"class_code": "9999"}, "why"), ({"limit_unit": ""}, "why")]
)
def test_the_service_refuses_what_the_form_would(loaded, changes, reason):
    with pytest.raises(InvalidInput):
        edit_rule(person("data_officer"), rule=DisposalRule.objects.first(), changes=changes, reason=reason)
