"""One way of writing 规范写法: widths, case, numerals and the words for building, floor and room are made alike."""

import re
import unicodedata

DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
TENS = {"十": 10, "百": 100, "千": 1000}
NUMBERED = "号楼|号|弄|幢|栋|座|单元|室|房|楼|层|支弄|支路|组"
"""Words that a number stands before; a numeral elsewhere is part of a name (三里河路, 五一广场)."""
_NUMERAL = re.compile(rf"(?<![路街道巷第中])([零〇一二两三四五六七八九十百千]+)(?=(?:{NUMBERED}))")
_AFTER_STREET = re.compile(rf"(?<=[路街道巷])([零〇一二两三四五六七八九十百千]+)(?=(?:{NUMBERED}))")
_ASIDE = re.compile(r"[((\[【〔<《][^)\]】〕>》]*[)\]】〕>》]?")
_JOIN = re.compile(r"[-_~〜∼至—–―]+")
_NOISE = re.compile(r"[^\w\-/#]+")
_SAME = (
    (re.compile(r"(\d|[a-z])(?:号楼|号幢|号栋|栋|#楼|#)"), r"\1幢"),
    (re.compile(r"(\d)楼(?![\u4e00-\u9fff]{0,2}[市场])"), r"\1层"),
    (re.compile(r"(\d)f(?![a-z])"), r"\1层"),
    (re.compile(r"(\d)房间?"), r"\1室"),
    (re.compile(r"(\d)门牌号"), r"\1号"),
)
LONGEST = 300
"""Characters of an address that are read; the dataset has no longer ones."""


def numeral(text: str) -> int:
    """A Chinese numeral as a number: 十二 → 12, 一百零五 → 105, 二〇三 → 203."""
    if not set(text) & set(TENS):
        return int("".join(str(DIGITS[sign]) for sign in text))
    total, one = 0, 0
    for sign in text:
        if sign in TENS:
            total += (one or 1) * TENS[sign]
            one = 0
        else:
            one = DIGITS[sign]
    return total + one


def normalise(text: str) -> str:
    """A name or an address in the one way of writing; empty for a text without a letter, digit or Chinese sign.

    Asides in brackets are left out, spaces and punctuation too; 三号楼, 3号楼, 3栋 and 3幢 become 3幢; 8楼 and 8F 8层.
    """
    flat = unicodedata.normalize("NFKC", text[:LONGEST]).lower()
    bare = _ASIDE.sub("", flat)
    flat = bare if _NOISE.sub("", bare) else flat
    flat = _JOIN.sub("-", flat)
    flat = _NOISE.sub("", flat)
    for pattern in (_NUMERAL, _AFTER_STREET):
        flat = pattern.sub(lambda match: str(numeral(match[1])), flat)
    for pattern, same in _SAME:
        flat = pattern.sub(same, flat)
    return flat.strip("-/#")


def aliases(text: str) -> tuple[str, ...]:
    """The single names in the field of aliases 别名, as they are written."""
    return tuple(name.strip() for name in re.split(r"[、,，;；|\n]+", text) if name.strip())
