"""What changed between two versions of a dictionary, in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from sync.standard.rules.definitions import Catalogue, CodeListDef, DatasetDef, FieldDef

Described = Mapping[str, Mapping[str, str]]
"""Things by name, each with the columns that define it."""


@dataclass
class Changes:
    """Names of what was added, removed and changed."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.changed)

    def lines(self) -> list[str]:
        """The report for a terminal."""
        lines = [f"{len(getattr(self, word))} {word}" for word in ("added", "removed", "changed")]
        marks = (("+", self.added), ("-", self.removed), ("~", self.changed))
        return [", ".join(lines), *(f"  {mark} {name}" for mark, names in marks for name in names[:40])]


def compare(before: Described, after: Described) -> Changes:
    """Compare two sets of named things; of what changed, each column that differs is told."""
    return Changes(
        added=sorted(set(after) - set(before)),
        removed=sorted(set(before) - set(after)),
        changed=[
            f"{name}: {_difference(before[name], after[name])}"
            for name in sorted(set(before) & set(after))
            if before[name] != after[name]
        ],
    )


def _difference(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    columns = [name for name in {**before, **after} if before.get(name, "") != after.get(name, "")]
    return "; ".join(f"{name} {before.get(name) or '—'} → {after.get(name) or '—'}" for name in columns)


def described(catalogue: Catalogue) -> dict[str, dict[str, str]]:
    """Every dataset, field, code list and code of a catalogue with all that defines it."""
    found: dict[str, dict[str, str]] = {}
    for dataset in catalogue.datasets:
        found[dataset.code] = _columns(dataset, without="fields")
        found |= {f"{dataset.code}.{entry.name}": _columns(entry, without="name") for entry in dataset.fields}
    for codelist in catalogue.codelists:
        found[codelist.code] = _columns(codelist, without="items")
        found |= {f"{codelist.code}.{code}": {"label": label} for code, label in codelist.items}
    return found


def _columns(thing: DatasetDef | FieldDef | CodeListDef, *, without: str) -> dict[str, str]:
    values = {column.name: getattr(thing, column.name) for column in fields(thing) if column.name != without}
    return {name: " ".join(value) if isinstance(value, tuple) else str(value) for name, value in values.items()}
