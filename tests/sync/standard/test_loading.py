"""Dictionary files: loading, versions side by side, what changed, what is refused."""

import json

import pytest
from django.core.management import CommandError, call_command

from cityops.foundation.errors import InvalidInput
from cityops.foundation.models import AuditEvent
from cityops.foundation.records import registry
from sync.standard.files import DATA, parse_file, read_file, shipped_catalogue, shipped_files
from sync.standard.models import ClassEntry, DictionaryVersion, DisposalRule
from sync.standard.selectors.dictionaries import catalogue, default_code
from sync.standard.services.loading import load_dictionary
from sync.standard.validation import check_record, record_type, sql_checks

pytestmark = pytest.mark.django_db
HEAD = {"title": "样例", "source": "test", "provenance": "municipal", "valid_from": "2026-01-01"}


def class_file(code="LOCAL-1", *classes, **head):
    classes = classes or ({"kind": "2", "code": "0101", "name": "暴露垃圾", "big_code": "01"},)
    return parse_file(json.dumps({**HEAD, "kind": "classes", "code": code, "classes": classes, **head}).encode(), code)


def rule_file(code="RULES-1", **rule):
    first = {
        "kind": "2",
        "class_code": "0101",
        "class_name": "垃圾",
        "condition_no": 1,
        "filing": "有",
        "level": "ordinary",
    }
    first |= {"limit": 2, "unit": "work_hour", **rule}
    return parse_file(json.dumps({**HEAD, "kind": "rules", "code": code, "rules": [first]}).encode(), code)


def test_the_dictionaries_of_the_product_are_loaded_once(capsys):
    call_command("load_standard")
    counts = [ClassEntry.objects.count(), DisposalRule.objects.count(), DictionaryVersion.objects.count()]
    assert counts == [737, 536, 5]
    call_command("load_standard")
    assert counts == [ClassEntry.objects.count(), DisposalRule.objects.count(), DictionaryVersion.objects.count()]
    assert capsys.readouterr().out.count("nothing changed") == 5
    assert default_code("classes") == "GB/T 47678.5-2026"
    assert catalogue().by_code["GL01"].cn == shipped_catalogue().by_code["GL01"].cn


def test_the_current_standard_has_its_classes_and_the_older_ones_map_to_it():
    call_command("load_standard")
    current = ClassEntry.objects.filter(version="GB/T 47678.5-2026")
    assert (current.components().count(), current.matters().count()) == (153, 250)
    for kind in "12":
        known = set(current.filter(kind=kind).values_list("class_code", flat=True))
        older = ClassEntry.objects.filter(kind=kind).exclude(version="GB/T 47678.5-2026").exclude(std_code="")
        assert older.exists()
        assert set(older.values_list("std_code", flat=True)) <= known


def test_what_is_designed_is_never_called_the_standard():
    assert {read_file(path).head["provenance"] for path in shipped_files()} == {"designed", "transcribed", "municipal"}
    assert {dataset.provenance for dataset in shipped_catalogue().datasets} == {"designed", "transcribed"}


def test_every_file_is_small_enough_to_be_read_by_people():
    assert all(path.stat().st_size < 1024 * 1024 for path in DATA.rglob("*") if path.is_file())


def test_another_version_stands_beside_the_first_and_tells_what_changed():
    load_dictionary(class_file("A-1", default=True))
    second = class_file(
        "A-2",
        {"kind": "2", "code": "0101", "name": "垃圾", "big_code": "01"},
        {"kind": "2", "code": "0102", "name": "积存垃圾渣土", "big_code": "01"},
    )
    report = load_dictionary(second)
    assert report.compared_with == "A-1"
    assert report.changes.added == ["事项 0102"]
    assert report.changes.changed == ["事项 0101: class_name 暴露垃圾 → 垃圾"]
    assert ClassEntry.objects.filter(version="A-1").get().class_name == "暴露垃圾"
    assert default_code("classes") == "A-1"


def test_a_version_may_be_made_the_default():
    load_dictionary(class_file("A-1", default=True))
    load_dictionary(class_file("A-2"), make_default=True)
    assert default_code("classes") == "A-2"


def test_changed_datasets_are_reported_by_field():
    data = json.loads((DATA / "datasets" / "cityops-2026.1.json").read_text())
    load_dictionary(parse_file(json.dumps(data).encode(), "first"))
    data["code"] = "OWN-1"
    case = next(dataset for dataset in data["datasets"] if dataset["code"] == "GL01")
    case["fields"] = [entry for entry in case["fields"] if entry["name"] != "source_no"]
    case["fields"][0]["type"] = "C(20)"
    changes = load_dictionary(parse_file(json.dumps(data).encode(), "second")).changes
    assert changes.removed == ["GL01.source_no"]
    assert changes.changed == ["GL01.case_no: type C(24) → C(20)"]
    assert catalogue("OWN-1").by_code["GL01"].by_name["case_no"].type == "C(20)"
    assert catalogue().code == "CITYOPS-2026.1"


def test_the_same_code_with_other_content_is_refused_unless_it_replaces():
    load_dictionary(rule_file())
    with pytest.raises(InvalidInput, match="--replace"):
        load_dictionary(rule_file(limit=4))
    assert DisposalRule.objects.get().limit_value == 2
    load_dictionary(rule_file(limit=4), replace=True)
    assert DisposalRule.objects.get().limit_value == 4


def test_a_rule_that_the_city_edited_stays_when_the_set_is_replaced():
    load_dictionary(rule_file())
    DisposalRule.objects.update(limit_value=9, is_edited=True)
    load_dictionary(rule_file(limit=4), replace=True)
    assert DisposalRule.objects.get().limit_value == 9


def own_datasets(code="OWN-1", **field):
    """The product's datasets under another code, with the description of a case changed."""
    data = json.loads((DATA / "datasets" / "cityops-2026.1.json").read_text())
    case = next(dataset for dataset in data["datasets"] if dataset["code"] == "GL01")
    next(entry for entry in case["fields"] if entry["name"] == "description").update(field)
    return parse_file(json.dumps({**data, "code": code}).encode(), f"{code}.json")


def test_the_default_version_is_the_one_that_validates():
    call_command("load_standard", verbosity=0)
    record = {"description": "井盖丢失，无人看守"}

    def length_faults():
        return [fault.field for fault in check_record(record, "GL01") if fault.rule == "length"]

    assert length_faults() == []
    load_dictionary(own_datasets(type="C(5)"))
    assert length_faults() == []
    load_dictionary(own_datasets(type="C(5)"), make_default=True)
    assert length_faults() == ["description"]
    kind = registry.get("GL01")
    assert any(check.field == "description" and check.code == "length" for check in sql_checks("GL01", kind.fields))
    assert record_type("GL01") is record_type("GL01")


def test_a_default_that_no_model_can_hold_is_refused_and_the_old_one_stays():
    call_command("load_standard", verbosity=0)
    with pytest.raises(InvalidInput, match="description: TextField cannot hold DT"):
        load_dictionary(own_datasets(type="DT"), make_default=True)
    assert catalogue().code == "CITYOPS-2026.1"
    load_dictionary(own_datasets(type="DT"))
    with pytest.raises(InvalidInput, match="cannot be the default"):
        load_dictionary(own_datasets(type="DT"), make_default=True)


def test_every_column_that_a_file_can_change_is_reported():
    load_dictionary(class_file("A-1", default=True))
    other = {"kind": "2", "code": "0101", "name": "暴露垃圾", "big_code": "02", "name_en": "Litter"}
    changes = load_dictionary(class_file("A-2", other)).changes
    assert changes.changed == ["事项 0101: class_name_en — → Litter; big_code 01 → 02"]
    load_dictionary(rule_file())
    changed = load_dictionary(rule_file(closing="已清", level="urgent", matter_codes=["01001"]), replace=True).changes
    assert changed.changed == [
        "事项 0101 垃圾 #1: matter_codes — → 01001; closing_condition — → 已清; level ordinary → urgent"
    ]


def test_what_is_said_of_a_dataset_is_compared_too():
    call_command("load_standard", verbosity=0)
    file = own_datasets()
    case = next(dataset for dataset in file.content["datasets"] if dataset["code"] == "GL01")
    case["frequency"], case["key"] = "日", ["case_no", "version"]
    assert load_dictionary(file).changes.changed == [
        f"GL01: frequency {shipped_catalogue().by_code['GL01'].frequency} → 日; key case_no → case_no version"
    ]


def test_rules_that_stay_as_the_city_edited_them_are_named():
    load_dictionary(rule_file())
    DisposalRule.objects.update(limit_value=9, is_edited=True)
    lines = load_dictionary(rule_file(limit=4), replace=True).lines()
    assert lines[-2:] == ["1 kept, because they were edited here:", "  = 事项 0101 垃圾 #1"]


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"unit": "fortnight"}, r"RULES-1 rules row 1, `unit`: Invalid enum value 'fortnight'"),
        ({"limit": -3}, r"row 1, `limit`"),
        ({"limit": 0.04}, r"row 1: `limit` has one digit"),
        ({"limit": None}, r"row 1: `limit` and `unit` stand together"),
        ({"level": "zzz"}, r"row 1, `level`"),
        ({"kind": "12"}, r"row 1, `kind`"),
        ({"class_code": "010101"}, r"row 1, `class_code`"),
        ({"condition_no": 0}, r"row 1, `condition_no`"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_its_row(rule, says):
    with pytest.raises(InvalidInput, match=says):
        load_dictionary(rule_file(**rule))
    assert not DictionaryVersion.objects.exists()


def test_the_same_rule_twice_is_refused_with_both_rows():
    file = rule_file()
    file.content["rules"].append(file.content["rules"][0])
    with pytest.raises(InvalidInput, match="row 2: the rule 2 0101 1 occurs twice, first in row 1"):
        load_dictionary(file)


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ({"code": "X" * 41}, "code"),
        ({"provenance": "rumour"}, "provenance"),
        ({"title": 5}, "title"),
        ({"valid_to": "2020-01-01"}, "before `valid_from`"),
    ],
)
def test_a_head_that_makes_no_sense_is_refused_with_the_file(head, says):
    with pytest.raises(InvalidInput, match=f"x.json.*{says}"):
        parse_file(json.dumps({**HEAD, "kind": "rules", "code": "x", "rules": [], **head}).encode(), "x.json")


def test_the_code_of_a_class_standard_fits_into_every_case():
    with pytest.raises(InvalidInput, match="at most 20"):
        class_file("A" * 21)


def test_loading_leaves_an_audit_entry():
    load_dictionary(class_file())
    assert AuditEvent.objects.get(action="standard.load").object_key == "LOCAL-1"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\xff", "UTF-8"),
        (b'{"kind": "songs"}', "datasets, classes, rules"),
        (b'{"kind": "classes", "code": "x"}', "title"),
        (json.dumps({**HEAD, "kind": "rules", "code": "x", "rules": [], "valid_from": "soon"}).encode(), "2026-07-01"),
    ],
)
def test_a_file_that_is_no_dictionary_is_refused_with_the_place(data, says):
    with pytest.raises(InvalidInput, match=says):
        parse_file(data, "x.json")


@pytest.mark.parametrize(
    ("classes", "says"),
    [
        ([{"kind": "2", "code": "0101", "name": "a"}], "big_code"),
        ([{"kind": "2", "code": "0101", "name": "a", "big_code": "01"}] * 2, "twice"),
    ],
)
def test_bad_classes_are_refused_and_nothing_is_stored(tmp_path, classes, says):
    path = tmp_path / "classes.json"
    path.write_text(json.dumps({**HEAD, "kind": "classes", "code": "BAD", "classes": classes}))
    with pytest.raises(CommandError, match=says):
        call_command("load_standard", str(path))
    assert not DictionaryVersion.objects.exists()
    assert not ClassEntry.objects.exists()
