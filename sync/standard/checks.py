"""System checks: every exchanged model agrees with the definition of its dataset, as shipped and as loaded."""

from collections.abc import Iterator
from typing import Any

from django.contrib.gis.db.models import GeometryField
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.db import DatabaseError, models, transaction

from cityops.foundation.records import RecordKind, registry
from sync.standard.files import shipped_catalogue
from sync.standard.rules.definitions import Catalogue, FieldDef, Kind
from sync.standard.selectors.dictionaries import catalogue as loaded_catalogue

HOLDERS: dict[Kind, tuple[type[Any], ...]] = {
    Kind.TEXT: (models.CharField, models.TextField),
    Kind.LONG_TEXT: (models.TextField,),
    Kind.NUMBER: (models.IntegerField, models.DecimalField),
    Kind.DATE: (models.DateField,),
    Kind.MOMENT: (models.DateTimeField,),
    Kind.LOGICAL: (models.BooleanField,),
    Kind.GEOMETRY: (GeometryField,),
    Kind.JSON: (models.JSONField,),
    Kind.ATTACHMENT: (models.CharField, models.FileField),
}
"""Model fields that can hold a kind of value."""


@register()
def check_models_follow_their_datasets(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Compare every registered record kind with the catalogue that comes with the product."""
    return disagreements(shipped_catalogue())


@register(Tags.database)
def check_models_follow_the_loaded_default(
    app_configs: Any, databases: Any = None, **kwargs: Any
) -> list[CheckMessage]:
    """Compare them with the default version in the database, which is the one that validates.

    Runs with ``migrate`` and ``check --database default``. Warnings, no errors: after an upgrade ``migrate`` must
    pass before ``load_standard`` can bring the edition that the new models were made for.
    """
    if not databases:
        return []
    try:
        with transaction.atomic():
            loaded = loaded_catalogue()
    except DatabaseError:  # before the first migrate there is no table
        return []
    return [
        Warning(f"{loaded.code} (loaded): {error.msg}", obj=error.obj, id=str(error.id).replace(".E", ".W"))
        for error in disagreements(loaded)
    ]


def disagreements(catalogue: Catalogue) -> list[CheckMessage]:
    """Where models and datasets of a catalogue disagree."""
    return [error for kind in registry for error in _of_kind(kind, catalogue)]


def _of_kind(kind: RecordKind, catalogue: Catalogue) -> Iterator[CheckMessage]:
    dataset = catalogue.by_code.get(kind.dataset)
    if dataset is None:
        yield _error(kind, f"the catalogue {catalogue.code} has no dataset {kind.dataset}", "E001")
        return
    for name in sorted({*kind.fields, *kind.local} - set(dataset.by_name)):
        yield _error(kind, f"the dataset has no field {name}; add it to the dictionary or take it out", "E002")
    for entry in dataset.fields:
        if entry.name in kind.fields:
            column = kind.model._meta.get_field(kind.fields[entry.name])
            for text, number in _of_field(entry, column, catalogue):
                yield _error(kind, f"{entry.name}: {text}", number)
        elif entry.name not in kind.local:
            yield _error(kind, f"{entry.name} is not mapped; map it in records.py or name it in `local`", "E003")


def _of_field(entry: FieldDef, column: Any, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """(what disagrees, number of the check) of one field."""
    if not isinstance(column, HOLDERS[entry.parsed.kind]):
        yield f"{type(column).__name__} cannot hold {entry.type}", "E004"
        return
    longest = getattr(column, "max_length", None)
    if entry.parsed.kind is Kind.TEXT and longest is not None and longest < entry.parsed.length:
        yield f"max_length {longest} is shorter than {entry.type}", "E005"
    if isinstance(column, models.DecimalField) and _is_narrower(column, entry):
        yield f"{column.max_digits},{column.decimal_places} digits are fewer than {entry.type}", "E005"
    if entry.is_required and column.null:
        yield "required by the dataset, nullable in the model", "E006"
    if not entry.is_required and not column.null and not _has_empty_value(entry, column):
        yield "may be missing in the dataset, but the model has no empty value", "E006"
    unknown = {str(value) for value, _label in column.flatchoices if value != ""} - set(catalogue.codes(entry))
    if entry.codelist and catalogue.codes(entry) and unknown:
        yield f"choices {', '.join(sorted(unknown))} are not in {entry.codelist}", "E007"


def _is_narrower(column: Any, entry: FieldDef) -> bool:
    whole = entry.parsed.length - entry.parsed.scale
    return column.decimal_places < entry.parsed.scale or column.max_digits - column.decimal_places < whole


def _has_empty_value(entry: FieldDef, column: Any) -> bool:
    """Text is empty as ''; JSON as its empty default."""
    return entry.parsed.is_text or entry.parsed.kind is Kind.JSON or column.has_default()


def _error(kind: RecordKind, text: str, number: str) -> CheckMessage:
    return Error(f"{kind.dataset} {kind.model.__name__}: {text}.", obj=kind.model, id=f"standard.{number}")
