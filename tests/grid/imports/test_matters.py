"""A city's own classes: each mapped to a national one, in a version of its own."""

import pytest

from sync.standard.models import ClassEntry, DictionaryVersion
from tests.factories.ground import csv_file

pytestmark = pytest.mark.django_db
MAPPING = """
[columns]
class_code = "代码"
class_name = "名称"
std_code = "国标"
[constants]
version = "HZ-2026"
"""


def row(**fields):
    return {"代码": "06999", "名称": "共享充电宝乱放", "国标": "06001", **fields}


def test_extensions_are_taken_as_a_municipal_version(city, run_import, tmp_path):
    run = run_import("matters", csv_file(tmp_path / "m.csv", [row()]), MAPPING)
    assert (run.rows_taken, run.refusal) == (1, "")
    taken = ClassEntry.objects.get(version="HZ-2026")
    assert (taken.kind, taken.is_extension, taken.std_code, taken.big_code) == ("2", "1", "06001", "06")
    assert DictionaryVersion.objects.get(code="HZ-2026").provenance == "municipal"


def test_an_extension_without_a_national_class_is_refused(city, run_import, faults, tmp_path):
    rows = [row(国标="77777"), row(代码="6", 国标="06001"), row(代码="06998"), row(代码="06998")]
    run = run_import("matters", csv_file(tmp_path / "m.csv", rows), MAPPING)
    assert faults(run) == [(2, "unknown_class"), (3, "code_form"), (5, "duplicate")]
    assert not ClassEntry.objects.filter(version="HZ-2026").exists()


def test_a_national_version_cannot_be_changed(city, run_import, faults, tmp_path):
    DictionaryVersion.objects.create(
        kind="classes",
        code="GB/T 47678.5-2026",
        title="国标",
        source="tests",
        provenance="transcribed",
        valid_from="2026-07-01",
        content_sha=b"\0" * 32,
    )
    mapping = MAPPING.replace("HZ-2026", "GB/T 47678.5-2026")
    assert faults(run_import("matters", csv_file(tmp_path / "m.csv", [row()]), mapping)) == [(2, "national_version")]
