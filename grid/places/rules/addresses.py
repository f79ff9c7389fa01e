"""The parts of an address 地址要素: street, number, lane, building, unit, floor, room, and the name that is left."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from grid.places.rules.regions import Gazetteer
from grid.places.rules.writing import normalise

_WAY = (
    r"(?:大道[东南西北中]?|大街|公路|环路|胡同|新村|支路|路|街|道|巷|里|坊|条|线)(?:[东西南北中]段|[东南西北](?=\d))?"
)
_NUMBER = r"[甲乙丙丁]?\d+(?:[-/]\d+)?"
_DOOR = re.compile(
    rf"(?P<street>[0-9a-z\u3400-\u9fff]*?[\u3400-\u9fff]{_WAY})(?P<number>{_NUMBER})(?P<kind>号(?!线)|弄)"
)
_STREET = re.compile(r"(?P<street>[\u3400-\u9fff0-9]{1,12}?(?:大道|大街|公路|胡同|路|街|巷))(?!口|道|边|旁|面|由|灯)")
_IN_LANE = re.compile(r"^(\d+)号")
_BUILDING = re.compile(r"([a-z]?\d+[a-z]?|[a-z]|[甲乙丙丁])幢|([a-z0-9]{1,3}|[东南西北])座")
_UNIT = re.compile(r"(\d+|[甲乙丙丁a-z])单元")
_FLOOR = re.compile(r"(?:负|b)?\d+层")
_ROOM = re.compile(r"([a-z]?\d{2,5}(?:[-/]?[a-z0-9]{1,4})?)室?$|([a-z]?\d+[a-z]?)室")
_NEARBY = re.compile(
    r"(?:附近|旁边?|对面|斜对面|门前|门口|路口|交叉口|交口|周边|[东南西北]{1,2}(?:侧|面|边)(?:约?\d+米)?)+(?:处)?$"
)
LONG_STREET = 5
"""Signs of a street's name beyond which something else may stand before it; then its words are looked at."""


@dataclass(frozen=True)
class Parts:
    """An address, taken apart; what is not said is empty. Numbers are text: 甲28, 8-10."""

    text: str = ""
    """The normalised address without its region."""
    whole: str = ""
    """The same with its region: 上海海关 and 外滩中心 are names, though they begin with one."""
    regions: tuple[str, ...] = ()
    """Prefixes of the codes of the divisions it may lie in."""
    is_foreign: bool = False
    street: str = ""
    lane: str = ""
    number: str = ""
    building: str = ""
    unit: str = ""
    floor: str = ""
    room: str = ""
    name: str = ""
    """What is left: the name of an estate, a building, a shop."""
    nearby: str = ""
    """附近, 对面, 路口: the spot lies by the place and not in it."""

    @property
    def door(self) -> str:
        """Street with lane and number, as places are looked up by; the street alone where there is no number."""
        return door_key(self.street, self.lane, self.number)


def door_key(street: str, lane: str = "", number: str = "") -> str:
    """The key of a door: 中山路 1136弄 1号."""
    return " ".join(filter(None, (street, f"{lane}弄" if lane else "", f"{number}号" if number and street else "")))


@cache
def jieba() -> Any:
    """The word cutter with its dictionary, read once in a process and only where a text needs it."""
    import logging  # noqa: PLC0415

    import jieba as cutter  # noqa: PLC0415 (reading its dictionary takes a second)

    cutter.setLogLevel(logging.WARNING)
    cutter.initialize()
    return cutter


def words_of(text: str) -> list[str]:
    """The words of a Chinese text, also the short ones inside long ones."""
    return [word for word in jieba().cut_for_search(text) if word.strip()]


def split_address(text: str, gazetteer: Gazetteer) -> Parts:
    """Read an address as people write it. Never fails: what is not understood stays in ``name``."""
    whole = normalise(text)
    head = gazetteer.read(whole)
    rest, nearby = _without(_NEARBY, head.rest)
    street, lane, number, before, after = _door(rest)
    left = f"{before}\n{after}"
    building, left = _taken(_BUILDING, left)
    unit, left = _taken(_UNIT, left)
    left, floor = _without(_FLOOR, left)
    room, left = _taken(_ROOM, left) if street or building or floor else ("", left)
    return Parts(
        text=head.rest,
        whole=whole,
        regions=head.codes,
        is_foreign=head.is_foreign,
        street=street,
        lane=lane,
        number=number,
        building=building,
        unit=unit,
        floor=floor,
        room=room,
        name=_name(left),
        nearby=nearby,
    )


def _door(text: str) -> tuple[str, str, str, str, str]:
    """Street, lane, number, what stands before, what stands behind."""
    if match := _DOOR.search(text):
        ahead, street = _last_street(match["street"])
        before, after = text[: match.start()] + ahead, text[match.end() :]
        if match["kind"] == "号":
            return street, "", match["number"], before, after
        inner = _IN_LANE.match(after)
        return street, match["number"], inner[1] if inner else "", before, after[inner.end() :] if inner else after
    if match := _STREET.search(text):
        ahead, street = _last_street(match["street"])
        return street, "", "", text[: match.start()] + ahead, text[match.end() :]
    return "", "", "", text, ""


def _last_street(text: str) -> tuple[str, str]:
    """What stands before a street's name, and the name: 软件园关山大道 → 软件园, 关山大道."""
    if len(text) <= LONG_STREET:
        return "", text
    words = list(jieba().cut(text))
    street = ""
    while words and len(street) < 3:
        street = words.pop() + street
    while words and len(words[-1]) == 1 and len(street) < LONG_STREET:
        street = words.pop() + street
    return "".join(words), street


def _taken(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    """The group of the first match, and the text without it."""
    match = pattern.search(text)
    if match is None:
        return "", text
    return next((group for group in match.groups() if group), ""), text[: match.start()] + "\n" + text[match.end() :]


def _without(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    """The text without the first match, and the match."""
    match = pattern.search(text)
    return (text, "") if match is None else (text[: match.start()] + text[match.end() :], match[0])


def _name(left: str) -> str:
    """The longest piece of what is left that is more than a number or a word of place."""
    pieces = [piece.strip("-/#号院内") for piece in left.split("\n")]
    named = [piece for piece in pieces if len(piece) >= 2 and not piece.isdigit()]
    return max(named, key=len, default="")
