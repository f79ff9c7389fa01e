"""What changed between two versions of a dictionary, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sync.standard.rules.definitions import Catalogue


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


def compare(before: Mapping[str, str], after: Mapping[str, str]) -> Changes:
    """Compare two sets of named things by a text that describes each."""
    return Changes(
        added=_sorted(set(after) - set(before)),
        removed=_sorted(set(before) - set(after)),
        changed=[f"{name}: {before[name]} → {after[name]}" for name in _sorted(_differing(before, after))],
    )


def _differing(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {name for name in set(before) & set(after) if before[name] != after[name]}


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(names)


def described(catalogue: Catalogue) -> dict[str, str]:
    """Every dataset, field and code of a catalogue with what defines it."""
    found = {dataset.code: dataset.cn for dataset in catalogue.datasets}
    for dataset in catalogue.datasets:
        for entry in dataset.fields:
            what = f"{entry.cn} {entry.type} {entry.req} {entry.codelist} {entry.when}"
            found[f"{dataset.code}.{entry.name}"] = " ".join(what.split())
    for codelist in catalogue.codelists:
        found[codelist.code] = codelist.name
        found.update({f"{codelist.code}.{code}": label for code, label in codelist.items})
    return found
