"""Find a class of components or matters by words, code, or pinyin (whole or initials)."""

from functools import reduce
from operator import or_

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from grid.rules.pinyin import is_spelling, pinyin_rank
from sync.standard.models import ClassEntry, DictionaryVersion

LIMIT = 8
EVERYDAY = {
    "井盖": ("井盖",),
    "垃圾": ("垃圾",),
    "摆摊": ("无照经营", "占道经营", "店外经营"),
    "路灯": ("路灯", "照明"),
    "坑": ("道路破损", "路面"),
    "停车": ("停放",),
    "小广告": ("广告",),
    "积水": ("积水",),
    "树": ("树", "绿化"),
}
"""Plain words → words of the standard's names."""


def classes_in_force() -> QuerySet[ClassEntry]:
    """The classes that new cases may use: those of the default version."""
    default = DictionaryVersion.objects.filter(kind=DictionaryVersion.Kind.CLASSES, is_default=True)
    return ClassEntry.objects.in_force().filter(version__in=default.values("code"))


def find_classes(words: str, limit: int = LIMIT) -> list[ClassEntry]:
    """The classes that fit ``words``, names that begin with them first; letters are tried as pinyin, then as English.

    None without words.
    """
    rows = classes_in_force()
    if not words:
        return []
    spelt_out = _by_pinyin(rows, words, limit) if is_spelling(words) else []
    if len(spelt_out) == limit:
        return spelt_out
    known = [entry.pk for entry in spelt_out]
    return spelt_out + _by_words(rows.exclude(pk__in=known), words, limit - len(spelt_out))


def _by_pinyin(rows: QuerySet[ClassEntry], words: str, limit: int) -> list[ClassEntry]:
    """The classes whose name is spelt so, matters before components; spellings are kept in the process."""
    ranked = [(rank, entry) for entry in rows if (rank := pinyin_rank(entry.class_name, words)) is not None]
    ranked.sort(key=lambda pair: (pair[0], -int(pair[1].kind), len(pair[1].class_name), pair[1].class_code))
    return [entry for _rank, entry in ranked[:limit]]


def _by_words(rows: QuerySet[ClassEntry], words: str, limit: int) -> list[ClassEntry]:
    meant = {words, *(name for plain, names in EVERYDAY.items() if plain in words for name in names)}
    fits = reduce(or_, (Q(class_name__icontains=word) for word in meant))
    rows = rows.filter(fits | Q(class_code__startswith=words) | Q(class_name_en__icontains=words))
    rank = Case(
        When(class_name__istartswith=words, then=Value(0)),
        When(class_name__icontains=words, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return list(rows.annotate(rank=rank).order_by("rank", "kind", "class_code")[:limit])


def key_of(entry: ClassEntry) -> str:
    """A class in a form field: kind, code and version."""
    return f"{entry.kind}-{entry.class_code}"


def class_of(key: str) -> ClassEntry | None:
    """The class of such a key; None where there is none in force."""
    kind, _, code = key.partition("-")
    return classes_in_force().filter(kind=kind, class_code=code).first()
