"""Suggest a class from plain words: a scorer over the words of a description, with its reasons.

A class is known by its name, by the plain words people use for it, and by the words of cases that were closed under
it. No model is trained: what counted for a suggestion can be said in words, and an acceptor decides.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

import jieba

NAME, ALIAS, LEARNT, PARTS = "name", "alias", "learnt", "parts"
"""What a word counted as."""
WEIGHTS = {NAME: 8.0, ALIAS: 6.0, LEARNT: 4.0, PARTS: 2.0}
_SILENT = """
有人 发现 存在 影响 市容 处理 请处理 尽快 处置 巡查 市民 反映 路口 附近 这里 那里 一个 没有 问题 门口 旁边 小区 路边
现场 希望 相关 部门 前面 对面 东侧 西侧 南侧 北侧 位置 情况 长期 严重 经过 几天 一直 大量 很多 出现 周边 里面 上面 异常
"""
STOP = frozenset(_SILENT.split())
"""Words that say nothing of the class."""
_CHINESE = re.compile(r"[\u4e00-\u9fff]{2,}")
_OPTIONAL = re.compile(r"[（(][^（）()]*[）)]")
LONGEST_TEXT = 2000
LONGEST_WORD = 12


@cache
def _tokenizer() -> "jieba.Tokenizer":
    """The tokenizer, made on first use (about a second); without jieba's cache file, which lies open in /tmp."""
    made = jieba.Tokenizer()
    made.FREQ, made.total = made.gen_pfdict(made.get_dict_file())
    made.initialized = True
    return made


def words_of(text: str) -> list[str]:
    """The Chinese words of a text, two characters and more, without those that say nothing; in their order."""
    return [
        word
        for word in _tokenizer().cut_for_search(text[:LONGEST_TEXT])
        if _CHINESE.fullmatch(word) and word not in STOP and len(word) <= LONGEST_WORD
    ]


def learnable(description: str, address: str) -> set[str]:
    """What a closed case teaches: the words of its description, without its address."""
    return set(words_of(description.replace(address, " ")))


def spoken(name: str) -> set[str]:
    """A class name as it may be said: 垃圾站（箱）满溢 also as 垃圾站满溢 and 垃圾箱满溢; …异常 without the 异常."""
    told = {name, _OPTIONAL.sub("", name)}
    for found in re.finditer(r"(.)[（(]([^（）()]*)[）)]", name):
        head, tail = name[: found.start()], name[found.end() :]
        told |= {head + other + _OPTIONAL.sub("", tail) for other in re.split("[、,，]", found[2])}
    told |= {part for one in list(told) for part in one.split("、")}
    told |= {one.removesuffix("异常") for one in told}
    return {one for one in told if len(one) > 1}


@dataclass(frozen=True)
class Known:
    """What is known of one class."""

    key: str
    name: str
    aliases: frozenset[str] = frozenset()
    learnt: Mapping[str, int] = field(default_factory=dict)
    """Word → in how many closed cases of the class."""


@dataclass(frozen=True)
class Suggestion:
    """One class, with its share of what all suggestions scored (percent) and the words that counted, best first."""

    key: str
    name: str
    share: int
    reasons: tuple[tuple[str, str], ...]
    """(word, what it counted as)."""


class Index:
    """The words of all classes, looked up from the words of a description."""

    def __init__(self, known: Iterable[Known]) -> None:
        self.names: dict[str, str] = {}
        self._phrases: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._words: dict[str, list[tuple[str, str, float]]] = defaultdict(list)
        totals: Counter[str] = Counter()
        classes = list(known)
        for one in classes:
            totals.update(one.learnt)
        for one in classes:
            self._take(one, totals)
        self._longest = max((len(phrase) for phrase in self._phrases), default=0)

    def _take(self, one: Known, totals: Mapping[str, int]) -> None:
        self.names[one.key] = one.name
        names = spoken(one.name)
        phrases = {**dict.fromkeys(one.aliases, ALIAS), **dict.fromkeys(names, NAME)}
        for phrase, sort in phrases.items():
            self._phrases[phrase].append((one.key, sort))
        for part in {word for phrase in phrases for word in words_of(phrase)} - set(phrases):
            self._words[part].append((one.key, PARTS, 1.0))
        for word, count in one.learnt.items():
            purity = count / (totals[word] + 1)
            self._words[word].append((one.key, LEARNT, purity * min(1.0, math.log1p(count) / 3)))

    def suggest(self, text: str, limit: int = 5) -> list[Suggestion]:
        """The classes that fit a text best, at most ``limit``; none where no word is known.

        A phrase inside a longer one that was found counts for nothing (垃圾 in 垃圾箱满溢).
        """
        scores: Counter[str] = Counter()
        reasons: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        for word, key, sort, points in [*self._phrases_in(text), *self._words_in(text)]:
            scores[key] += points  # type: ignore[assignment]
            reasons[key][word, sort] += points  # type: ignore[assignment]
        best = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
        total = sum(score for _key, score in best)
        return [
            Suggestion(
                key, self.names[key], round(100 * score / total), tuple(w for w, _p in reasons[key].most_common(4))
            )
            for key, score in best
        ]

    def _phrases_in(self, text: str) -> list[tuple[str, str, str, float]]:
        found, at = [], 0
        text = text[:LONGEST_TEXT]
        while at < len(text):
            longest = min(self._longest, len(text) - at)
            phrase = next((text[at : at + n] for n in range(longest, 1, -1) if text[at : at + n] in self._phrases), "")
            for key, sort in self._phrases.get(phrase, ()):
                points = WEIGHTS[sort] * (1 + len(phrase) / 8) / math.sqrt(len(self._phrases[phrase]))
                found.append((phrase, key, sort, points))
            at += len(phrase) or 1
        return found

    def _words_in(self, text: str) -> list[tuple[str, str, str, float]]:
        return [
            (word, key, sort, WEIGHTS[sort] * share / (math.sqrt(len(self._words[word])) if sort == PARTS else 1))
            for word in set(words_of(text))
            for key, sort, share in self._words.get(word, ())
        ]
