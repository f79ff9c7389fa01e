"""The region at the head of an address 行政区划前缀: recognised from a list of divisions, and taken off."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

DIGITS = {2: 2, 3: 4, 4: 6, 5: 9, 6: 12}
"""Level of a division → digits of its code that its members share."""
SUFFIXES = (
    "特别行政区", "维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "自治州", "自治县", "街道办事处", "街道",
    "地区", "新区", "社区居委会", "社区", "居委会", "村委会", "省", "市", "区", "县", "镇", "乡", "盟", "旗", "村",
)  # fmt: skip
_GOES_ON = re.compile(
    r"^(?:[东南西北中]?[一二三四五六七八九十\d]{0,2}环?(?:路|街|道|巷|胡同)|大道|大街|公路|大厦|广场|饭店|宾馆|酒店|银行"
    r"|公司|大学|医院|商厦|商城|国际|文化|站|港|桥|园|宫|寺|山|湖|河|江)"
)
"""What makes a short name part of another: 北京路, 南京西路, 上海大厦."""
_FOREIGN = re.compile(r"^(?:[\u4e00-\u9fff]{2,7}?(?:省|自治区))?[\u4e00-\u9fff]{2,5}?市(?!场|民|政|区)")


@dataclass(frozen=True)
class Head:
    """What the head of an address says: the divisions it may mean, and what stands behind it."""

    codes: tuple[str, ...]
    """Prefixes of the smallest divisions named, one where it is clear; empty where none is named."""
    level: int
    rest: str
    is_foreign: bool = False
    """It names a province or city that the list does not have."""


def short_name(name: str) -> str:
    """A division's name as people say it (杭州, 西湖); the name itself where too little would be left."""
    for suffix in SUFFIXES:
        if name.endswith(suffix) and len(name) - len(suffix) >= 2:
            return name.removesuffix(suffix)
    return name


class Gazetteer:
    """Names of divisions with their codes; ``divisions`` are (12-digit code, name, level 2 province … 6 community)."""

    def __init__(self, divisions: Iterable[tuple[str, str, int]]) -> None:
        self._full: dict[str, set[tuple[int, str]]] = {}
        self._short: dict[str, set[tuple[int, str]]] = {}
        for code, name, level in divisions:
            entry = (level, code[: DIGITS[level]])
            self._full.setdefault(name, set()).add(entry)
            if level < 6:
                self._short.setdefault(short_name(name), set()).add(entry)
        self._longest = max(map(len, self._full), default=0)

    def read(self, text: str) -> Head:
        """Take the divisions off the beginning of a normalised address, from the largest down."""
        found: set[tuple[int, str]] = set()
        rest = text.removeprefix("中国") if len(text) > 6 else text
        while step := self._step(rest, found):
            found, rest = step
        if not found:
            foreign = _FOREIGN.match(text) if self._full else None
            return Head((), 0, text[foreign.end() :] if foreign else text, is_foreign=foreign is not None)
        level = max(level for level, _code in found)
        return Head(tuple(sorted(code for at, code in found if at == level)), level, rest)

    def _step(self, text: str, above: set[tuple[int, str]]) -> tuple[set[tuple[int, str]], str] | None:
        """The next name: the longest that lies in what was named before; None where there is none."""
        for length in range(min(self._longest, len(text)), 1, -1):
            piece, rest = text[:length], text[length:]
            for names, is_short in ((self._full, False), (self._short, True)):
                if piece not in names or (not is_short and not rest and not above):
                    continue
                if is_short and (not rest or _GOES_ON.match(rest)):
                    continue
                if inside := _inside(names[piece], above):
                    return inside, rest
        return None


def _inside(found: set[tuple[int, str]], above: set[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those that lie under one of the divisions named before; all where none was named, the largest level first."""
    if above:
        return {(level, code) for level, code in found if any(level > at and code.startswith(c) for at, c in above)}
    top = min(level for level, _code in found)
    return {(level, code) for level, code in found if level == top}
