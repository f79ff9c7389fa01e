"""The system check: a model and its dataset must agree."""

from dataclasses import replace

import pytest

from sync.standard.checks import (
    check_models_follow_the_loaded_default,
    check_models_follow_their_datasets,
    disagreements,
)
from sync.standard.files import shipped_catalogue


def with_field(dataset: str, field: str, **changes):
    """The shipped catalogue with one field changed, or taken out where nothing is given."""
    catalogue = shipped_catalogue()
    fields = []
    for entry in catalogue.by_code[dataset].fields:
        if entry.name != field:
            fields.append(entry)
        elif changes:
            fields.append(replace(entry, **changes))
    changed = replace(catalogue.by_code[dataset], fields=tuple(fields))
    return replace(catalogue, datasets=tuple(changed if d.code == dataset else d for d in catalogue.datasets))


def test_every_model_of_the_product_agrees_with_its_dataset():
    assert check_models_follow_their_datasets(None) == []


@pytest.mark.parametrize(
    ("dataset", "field", "changes", "number", "says"),
    [
        ("JC04", "note", {}, "E002", "no field note"),
        ("JC04", "note", {"name": "remark"}, "E003", "remark is not mapped"),
        ("JC04", "area_m2", {"type": "DT"}, "E004", "cannot hold DT"),
        ("JC04", "name", {"type": "C(61)"}, "E005", "max_length 60"),
        ("JC04", "area_m2", {"type": "N(14,2)"}, "E005", "fewer than N(14,2)"),
        ("JC04", "change_date", {"req": "M"}, "E006", "nullable in the model"),
        ("JC04", "init_date", {"req": "O"}, "E006", "no empty value"),
        ("JC04", "status", {"codelist": "CL_YN"}, "E007", "not in CL_YN"),
    ],
)
def test_a_disagreement_is_found_and_named(dataset, field, changes, number, says):
    errors = disagreements(with_field(dataset, field, **changes))
    assert number in {error.id.removeprefix("standard.") for error in errors}
    assert any(says in error.msg for error in errors)


def test_a_dataset_that_is_missing_is_named():
    catalogue = shipped_catalogue()
    short = replace(catalogue, datasets=tuple(d for d in catalogue.datasets if d.code != "GL01"))
    assert [error.id for error in disagreements(short)] == ["standard.E001"]


@pytest.mark.django_db
def test_the_loaded_default_is_compared_when_the_database_is_asked(monkeypatch):
    monkeypatch.setattr("sync.standard.checks.loaded_catalogue", lambda: with_field("JC04", "name", type="C(61)"))
    assert check_models_follow_the_loaded_default(None) == []
    (warning,) = check_models_follow_the_loaded_default(None, databases=["default"])
    assert warning.id == "standard.W005"
    assert "(loaded)" in warning.msg
