"""Load dictionary files: each version once, beside the others, with a report of what changed."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput
from cityops.foundation.records import local_node
from sync.standard.checks import disagreements
from sync.standard.files import ClassItem, DictionaryFile, as_catalogue
from sync.standard.models import ClassEntry, DictionaryVersion, DisposalRule
from sync.standard.services.comparing import Changes, Described, compare, described

OWNER = "000000000000-N"
"""The node that owns the national classes (JC08)."""
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:cityops:JC08")
CLASS_COLUMNS = (
    "class_name",
    "class_name_en",
    "big_code",
    "big_name",
    "is_extension",
    "std_code",
    "component_code",
    "provenance",
    "valid",
)
RULE_COLUMNS = (
    "class_name",
    "matter_codes",
    "filing_condition",
    "filing_condition_en",
    "closing_condition",
    "closing_condition_en",
    "level",
    "limit_value",
    "limit_unit",
    "limit_value_a",
    "limit_unit_a",
    "limit_value_c",
    "limit_unit_c",
    "source",
)


@dataclass
class Loaded:
    """What one file did."""

    kind: str
    code: str
    is_new: bool
    compared_with: str = ""
    changes: Changes = field(default_factory=Changes)
    kept: list[str] = field(default_factory=list)
    """Rules of a set that was corrected in place which stay as the city edited them."""

    def lines(self) -> list[str]:
        """The report for a terminal."""
        if not self.is_new:
            return [f"{self.code}: already loaded, nothing changed"]
        against = f"compared with {self.compared_with}: " if self.compared_with else "first of its kind: "
        first, *rest = self.changes.lines()
        lines = [f"{self.code} ({self.kind}) loaded; {against}{first}", *(rest if self.compared_with else [])]
        if self.kept:
            lines += [f"{len(self.kept)} kept, because they were edited here:", *(f"  = {name}" for name in self.kept)]
        return lines


@transaction.atomic
def load_dictionary(file: DictionaryFile, *, make_default: bool | None = None, replace: bool = False) -> Loaded:
    """Load one file beside what is there; the same content again changes nothing.

    The first version of a kind that asks for it becomes the default; ``make_default`` decides otherwise. Raises
    InvalidInput where the version is there with other content, unless ``replace`` corrects it in place; and where
    datasets that are the default, or would be, disagree with the models.
    """
    existing = DictionaryVersion.objects.select_for_update().filter(kind=file.kind, code=file.code).first()
    if existing is not None and bytes(existing.content_sha) == file.sha:
        _choose_default(existing, make_default)
        _refuse_unfit_default(file, existing)
        return Loaded(file.kind, file.code, is_new=False)
    if existing is not None and not replace:
        raise InvalidInput(
            f"{file.code} is already loaded with other content: give the new version a code of its own, "
            "or use --replace to correct it in place.",
            code=file.code,
        )
    against = existing or DictionaryVersion.objects.default(file.kind)
    before = _described(against)
    version = _save_version(file, existing)
    {"datasets": _store_datasets, "classes": _store_classes, "rules": _store_rules}[file.kind](file, version)
    changes = compare(before, _described(version))
    wanted = make_default if make_default is not None else bool(file.head.get("default"))
    if wanted and (make_default or DictionaryVersion.objects.default(file.kind) is None):
        _choose_default(version, make_default=True)
    _refuse_unfit_default(file, version)
    kept = version.disposalrule_set.filter(is_edited=True).values("kind", "class_code", "class_name", "condition_no")
    audit.record(
        "standard.load",
        kind="dictionary",
        key=file.code,
        after={"added": len(changes.added), "removed": len(changes.removed), "changed": len(changes.changed)},
    )
    return Loaded(
        file.kind,
        file.code,
        is_new=True,
        compared_with=against.code if against else "",
        changes=changes,
        kept=[_rule_name(row) for row in kept],
    )


def _save_version(file: DictionaryFile, existing: DictionaryVersion | None) -> DictionaryVersion:
    head = file.head
    version = existing or DictionaryVersion(kind=file.kind, code=file.code)
    version.title, version.source, version.provenance = head["title"], head["source"], head["provenance"]
    version.valid_from = dt.date.fromisoformat(head["valid_from"])
    version.valid_to = dt.date.fromisoformat(head["valid_to"]) if head.get("valid_to") else None
    version.content_sha, version.head = file.sha, head
    version.save()
    return version


def _choose_default(version: DictionaryVersion, make_default: bool | None) -> None:
    if make_default and not version.is_default:
        DictionaryVersion.objects.filter(kind=version.kind, is_default=True).update(is_default=False)
        version.is_default = True
        version.save(update_fields=["is_default"])


def _refuse_unfit_default(file: DictionaryFile, version: DictionaryVersion) -> None:
    """The default datasets decide what is taken in. Raises InvalidInput where a model cannot hold what they allow."""
    if version.kind != DictionaryVersion.Kind.DATASETS or not version.is_default:
        return
    if found := [error.msg for error in disagreements(file.catalogue)]:
        raise InvalidInput(
            f"{file.where} cannot be the default, models and datasets disagree: {' '.join(found[:10])} "
            "Correct the file, or load it beside the others without --default.",
            file=file.where,
            disagreements=found,
        )


def _described(version: DictionaryVersion | None) -> Described:
    """Everything in a version by name, with every column that a file can change."""
    if version is None:
        return {}
    if version.kind == DictionaryVersion.Kind.DATASETS:
        return described(as_catalogue(version.head, version.content or {}))
    if version.kind == DictionaryVersion.Kind.CLASSES:
        classes = ClassEntry.objects.filter(version=version.code, valid="1").values(
            "kind", "class_code", *CLASS_COLUMNS
        )
        return {f"{_kind(row['kind'])} {row['class_code']}": _texts(row, CLASS_COLUMNS) for row in classes}
    rules = version.disposalrule_set.values("kind", "class_code", "condition_no", *RULE_COLUMNS)
    return {_rule_name(row): _texts(row, RULE_COLUMNS) for row in rules}


def _kind(code: str) -> str:
    return "部件" if code == ClassEntry.Kind.COMPONENT else "事项"


def _rule_name(row: Mapping[str, Any]) -> str:
    return f"{_kind(row['kind'])} {row['class_code']} {row['class_name']} #{row['condition_no']}"


def _texts(row: Mapping[str, Any], columns: tuple[str, ...]) -> dict[str, str]:
    values = ((name, row[name]) for name in columns)
    return {
        name: "" if value is None else " ".join(value) if isinstance(value, list) else str(value)
        for name, value in values
    }


def _store_datasets(file: DictionaryFile, version: DictionaryVersion) -> None:
    _ = file.catalogue  # refuses what cannot be understood
    version.content = file.content
    version.save(update_fields=["content"])


def _class_entry(item: ClassItem, version: str) -> ClassEntry:
    return ClassEntry(
        rid=uuid.uuid5(_NAMESPACE, f"{version}:{item.kind}:{item.code}"),
        origin_code=local_node() if item.is_extension else OWNER,
        version=version,
        kind=item.kind,
        class_code=item.code,
        class_name=item.name,
        class_name_en=item.name_en,
        big_code=item.big_code,
        big_name=item.big_name,
        is_extension=str(int(item.is_extension)),
        std_code=item.std_code,
        component_code=item.component_code,
        provenance=item.provenance,
        valid=str(int(item.valid)),
    )


def _store_classes(file: DictionaryFile, version: DictionaryVersion) -> None:
    entries = [_class_entry(item, version.code) for item in file.classes]
    known = _once(file, [(entry.kind, entry.class_code) for entry in entries], "class")
    gone = [
        entry.rid
        for entry in ClassEntry.objects.filter(version=version.code, valid="1")
        if (entry.kind, entry.class_code) not in known
    ]
    ClassEntry.objects.filter(rid__in=gone).update(valid="0")
    ClassEntry.objects.bulk_create(
        entries, update_conflicts=True, unique_fields=["version", "kind", "class_code"], update_fields=CLASS_COLUMNS
    )


def _once(file: DictionaryFile, keys: list[tuple[Any, ...]], what: str) -> set[tuple[Any, ...]]:
    """The keys of a file's rows. Raises InvalidInput where one occurs twice, naming both rows."""
    rows: dict[tuple[Any, ...], int] = {}
    for number, key in enumerate(keys, 1):
        first = rows.setdefault(key, number)
        if first != number:
            shown = " ".join(map(str, key))
            raise InvalidInput(
                f"{file.where} {file.kind} row {number}: the {what} {shown} occurs twice, first in row {first}. "
                "Take one of them out.",
                file=file.where,
            )
    return set(rows)


def _store_rules(file: DictionaryFile, version: DictionaryVersion) -> None:
    rules = [
        DisposalRule(
            rule_set=version,
            kind=item.kind,
            class_code=item.class_code,
            class_name=item.class_name,
            condition_no=item.condition_no,
            matter_codes=item.matter_codes,
            filing_condition=item.filing,
            filing_condition_en=item.filing_en,
            closing_condition=item.closing,
            closing_condition_en=item.closing_en,
            level=item.level,
            limit_value=item.limit,
            limit_unit=item.unit,
            limit_value_a=item.limit_a,
            limit_unit_a=item.unit_a,
            limit_value_c=item.limit_c,
            limit_unit_c=item.unit_c,
            source=item.source,
        )
        for item in file.rules
    ]
    wanted = _once(file, [(rule.kind, rule.class_code, rule.condition_no) for rule in rules], "rule")
    edited = set(version.disposalrule_set.filter(is_edited=True).values_list("kind", "class_code", "condition_no"))
    gone = [
        rule.pk
        for rule in version.disposalrule_set.filter(is_edited=False)
        if (rule.kind, rule.class_code, rule.condition_no) not in wanted
    ]
    DisposalRule.objects.filter(pk__in=gone).delete()
    DisposalRule.objects.bulk_create(
        [rule for rule in rules if (rule.kind, rule.class_code, rule.condition_no) not in edited],
        update_conflicts=True,
        unique_fields=["rule_set", "kind", "class_code", "condition_no"],
        update_fields=RULE_COLUMNS,
    )
