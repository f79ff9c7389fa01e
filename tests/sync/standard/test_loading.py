"""Dictionary files: loading, versions side by side, what changed, what is refused."""

import json

import pytest
from django.core.management import CommandError, call_command

from cityops.foundation.errors import InvalidInput
from cityops.foundation.models import AuditEvent
from sync.standard.files import DATA, parse_file, read_file, shipped_catalogue, shipped_files
from sync.standard.models import ClassEntry, DictionaryVersion, DisposalRule
from sync.standard.selectors.dictionaries import catalogue, default_code
from sync.standard.services.loading import load_dictionary

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
    assert report.changes.changed == ["事项 0101: 暴露垃圾 → 垃圾"]
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
    case["fields"][0]["type"] = "C(30)"
    changes = load_dictionary(parse_file(json.dumps(data).encode(), "second")).changes
    assert changes.removed == ["GL01.source_no"]
    assert changes.changed == ["GL01.case_no: 案件号 C(24) M → 案件号 C(30) M"]
    assert catalogue("OWN-1").by_code["GL01"].by_name["case_no"].type == "C(30)"
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
