"""Load dictionary files: each version once, beside the others, with a report of what changed."""

import datetime as dt
import uuid
from dataclasses import dataclass, field

from django.db import transaction

from cityops.foundation import audit
from cityops.foundation.errors import InvalidInput
from cityops.foundation.records import local_node
from sync.standard.files import ClassItem, DictionaryFile, as_catalogue
from sync.standard.models import ClassEntry, DictionaryVersion, DisposalRule, Provenance
from sync.standard.services.comparing import Changes, compare, described

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

    def lines(self) -> list[str]:
        """The report for a terminal."""
        if not self.is_new:
            return [f"{self.code}: already loaded, nothing changed"]
        against = f"compared with {self.compared_with}: " if self.compared_with else "first of its kind: "
        first, *rest = self.changes.lines()
        return [f"{self.code} ({self.kind}) loaded; {against}{first}", *(rest if self.compared_with else [])]


@transaction.atomic
def load_dictionary(file: DictionaryFile, *, make_default: bool | None = None, replace: bool = False) -> Loaded:
    """Load one file beside what is there; the same content again changes nothing.

    The first version of a kind that asks for it becomes the default; ``make_default`` decides otherwise. Raises
    InvalidInput where the version is there with other content, unless ``replace`` corrects it in place.
    """
    existing = DictionaryVersion.objects.select_for_update().filter(kind=file.kind, code=file.code).first()
    if existing is not None and bytes(existing.content_sha) == file.sha:
        _choose_default(existing, make_default)
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
    audit.record(
        "standard.load",
        kind="dictionary",
        key=file.code,
        after={"added": len(changes.added), "removed": len(changes.removed), "changed": len(changes.changed)},
    )
    return Loaded(file.kind, file.code, is_new=True, compared_with=against.code if against else "", changes=changes)


def _save_version(file: DictionaryFile, existing: DictionaryVersion | None) -> DictionaryVersion:
    head = file.head
    if head["provenance"] not in Provenance.values:
        raise InvalidInput(f"{file.code}: `provenance` is one of {', '.join(Provenance.values)}.", code=file.code)
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


def _described(version: DictionaryVersion | None) -> dict[str, str]:
    """Everything in a version by name, with a text that changes when it does."""
    if version is None:
        return {}
    if version.kind == DictionaryVersion.Kind.DATASETS:
        return described(as_catalogue(version.head, version.content or {}))
    if version.kind == DictionaryVersion.Kind.CLASSES:
        classes = ClassEntry.objects.filter(version=version.code, valid="1")
        kinds = {ClassEntry.Kind.COMPONENT: "部件", ClassEntry.Kind.MATTER: "事项"}
        return {
            f"{kinds[ClassEntry.Kind(kind)]} {code}": f"{name} {std}".strip()
            for kind, code, name, std in classes.values_list("kind", "class_code", "class_name", "std_code")
        }
    return {
        f"{rule.class_code} {rule.class_name} #{rule.condition_no}": (
            f"{rule.filing_condition} / {rule.limit_value} {rule.limit_unit}"
        )
        for rule in version.disposalrule_set.all()
    }


def _store_datasets(file: DictionaryFile, version: DictionaryVersion) -> None:
    _ = file.catalogue  # refuses what cannot be understood
    version.content = file.content
    version.save(update_fields=["content"])


def _class_entry(item: ClassItem, version: str) -> ClassEntry:
    entry = ClassEntry(
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
    entry.clean_fields(exclude=["rid", "origin_code"])
    return entry


def _store_classes(file: DictionaryFile, version: DictionaryVersion) -> None:
    entries = [_class_entry(item, version.code) for item in file.classes]
    known = {(entry.kind, entry.class_code) for entry in entries}
    if len(known) != len(entries):
        raise InvalidInput(f"{file.code}: a class code occurs twice; each may stand once per kind.", code=file.code)
    gone = [
        entry.rid
        for entry in ClassEntry.objects.filter(version=version.code, valid="1")
        if (entry.kind, entry.class_code) not in known
    ]
    ClassEntry.objects.filter(rid__in=gone).update(valid="0")
    ClassEntry.objects.bulk_create(
        entries, update_conflicts=True, unique_fields=["version", "kind", "class_code"], update_fields=CLASS_COLUMNS
    )


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
            source=item.source,
        )
        for item in file.rules
    ]
    wanted = {(rule.kind, rule.class_code, rule.condition_no) for rule in rules}
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
