"""Pinyin of Chinese names 拼音: the whole spelling and the initials, to find 暴露垃圾 by ``baolulaji`` or ``bllj``."""

import re
from functools import cache, lru_cache
from typing import Any

_LETTERS = re.compile(r"[a-z]+")
_SIGNS = re.compile(r"[^0-9A-Za-z\u4e00-\u9fff]")


@cache
def readings() -> Any:
    """The readings of signs, read once in a process and only where they are needed."""
    import pypinyin  # noqa: PLC0415 (its tables take a third of a second)

    return pypinyin


@lru_cache(maxsize=4096)
def spelt(name: str) -> tuple[str, str]:
    """(whole spelling, initials) of a name, in small letters without tones and spaces; ü is written v."""
    pinyin = readings()
    syllables = pinyin.lazy_pinyin(_SIGNS.sub("", name), style=pinyin.Style.NORMAL)
    small = [syllable.lower() for syllable in syllables]
    return "".join(small), "".join(syllable[0] for syllable in small if syllable)


def is_spelling(words: str) -> bool:
    """Whether what was typed may be pinyin: nothing but letters (and the spaces and apostrophes between syllables)."""
    return bool(_LETTERS.fullmatch(plain(words)))


def plain(words: str) -> str:
    """What was typed, as spellings are compared: small letters, no space, no apostrophe, ü as v."""
    return words.lower().replace("ü", "v").replace(" ", "").replace("'", "").replace("’", "")


def pinyin_rank(name: str, words: str) -> int | None:
    """How well a spelling fits a name: 0 the beginning (whole or initials), 1 somewhere inside, None not at all.

    Inside a whole spelling only syllable-wise: ``an`` is not found in ``dian``.
    """
    typed = plain(words)
    whole, initials = spelt(name)
    if not typed:
        return None
    if whole.startswith(typed) or initials.startswith(typed):
        return 0
    if len(typed) > 1 and (typed in initials or _at_a_syllable(name, typed)):
        return 1
    return None


def _at_a_syllable(name: str, typed: str) -> bool:
    return any(spelt(name[start:])[0].startswith(typed) for start in range(1, len(name)))
