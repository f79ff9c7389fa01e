"""Suggest the class of a report from its words, with the reasons and the hint for classes that are confused."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from django.db.models import Count, Max
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from grid.intake.models import LearningState, LearntWord
from grid.intake.rules.wording import ALIAS, LEARNT, NAME, PARTS, Index, Known, Suggestion
from grid.intake.selectors.confusable import DATA, hint_for
from grid.selectors.classes import classes_in_force, find_classes, key_of
from sync.standard.models import ClassEntry

MOST_WORDS = 300
"""Learnt words kept per class in the index."""
FEWEST = 2
"""A word that one case alone had teaches nothing."""
SORTS: Mapping[str, str | Promise] = {
    NAME: _("名称"),
    ALIAS: _("口语"),
    LEARNT: _("以往案件"),
    PARTS: _("名称中的词"),
}
"""What a word counted as, in words."""


@dataclass(frozen=True)
class SuggestedClass:
    """A class with its share of the suggestions' weight (percent), the words that counted, and the hint."""

    entry: ClassEntry
    share: int
    reasons: tuple[tuple[str, str], ...]
    hint: str

    @property
    def because(self) -> str:
        """The reasons as one line: 井盖(口语)、丢失(以往案件)."""
        return "、".join(f"{word}({SORTS[sort]})" for word, sort in self.reasons)


def suggest_classes(text: str, limit: int = 5) -> list[SuggestedClass]:
    """The classes in force that fit a description best.

    Pinyin, codes and English names are found by ``find_classes``; what it finds fills what the words leave open.
    """
    text = text.strip()
    if not text:
        return []
    found = index().suggest(text, limit)
    entries = {key_of(entry): entry for entry in classes_in_force()}
    told = [_suggested(one, entries) for one in found if one.key in entries]
    if len(told) < limit and len(text) <= 20:
        known = {key_of(one.entry) for one in told}
        told += [
            SuggestedClass(entry, 0, (), hint_for(entry.class_code))
            for entry in find_classes(text, limit)
            if key_of(entry) not in known
        ]
    return told[:limit]


def _suggested(one: Suggestion, entries: Mapping[str, ClassEntry]) -> SuggestedClass:
    entry = entries[one.key]
    return SuggestedClass(entry, one.share, one.reasons, hint_for(entry.class_code) if entry.kind == "2" else "")


_kept: dict[str, tuple[tuple[object, ...], Index]] = {}


def index() -> Index:
    """The index of the words of all classes; kept in the process until classes or learnt words change."""
    stamp = _stamp()
    known = _kept.get("index")
    if known is None or known[0] != stamp:
        known = _kept["index"] = (stamp, Index(_known()))
    return known[1]


def forget_index() -> None:
    """Let the next question build the index anew."""
    _kept.clear()


def _stamp() -> tuple[object, ...]:
    classes = classes_in_force().aggregate(count=Count("pk"), names=Max("class_name"), codes=Max("class_code"))
    turn = LearningState.objects.filter(pk=1).values_list("turn", flat=True).first()
    return (*classes.values(), turn)


@cache
def plain_words() -> dict[tuple[str, str], frozenset[str]]:
    """(standard, code of a matter) → the words people use for it (``data/plain_words.json``)."""
    told = json.loads((DATA / "plain_words.json").read_text(encoding="utf-8"))
    return {(told["std_ref"], code): frozenset(words) for code, words in told["words"].items()}


def _known() -> list[Known]:
    learnt: dict[tuple[str, str, str], dict[str, int]] = defaultdict(dict)
    rows = LearntWord.objects.filter(count__gte=FEWEST).order_by("-count", "word")
    for std, kind, code, word, count in rows.values_list("std_ref", "kind", "class_code", "word", "count").iterator():
        words = learnt[std, kind, code]
        if len(words) < MOST_WORDS:
            words[word] = count
    return [
        Known(
            key=key_of(entry),
            name=entry.class_name,
            aliases=plain_words().get((entry.version, entry.class_code), frozenset())
            if entry.kind == "2"
            else frozenset(),
            learnt=learnt[entry.version, entry.kind, entry.class_code],
        )
        for entry in classes_in_force()
    ]
