"""Pages of the standard: the dictionary, downloads, classes, rules and their editing."""

import io
import json

import openpyxl
import pytest
from django.core.management import call_command
from django.urls import reverse

from cityops.foundation.errors import InvalidInput
from cityops.foundation.models import AuditEvent
from sync.standard.models import DisposalRule
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
    assert reader.get(reverse(name, args=args)).status_code == 200


@pytest.mark.parametrize(("name", "args"), READ)
def test_pages_answer_before_anything_is_loaded(reader, name, args):
    assert reader.get(reverse(name, args=args)).status_code == 200


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
    answer = reader.get(reverse("class-export"), {"q": "井盖", "kind": "1"})
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    names = [row[3] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert names
    assert all("井盖" in name for name in names)


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
