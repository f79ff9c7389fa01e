"""Reasons, verdicts and sides in the reader's language."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grid.places.rules.matching import Reason, Verdict

REASONS: dict[str, str | Promise] = {
    Reason.NAME: gettext_lazy("名称一致"),
    Reason.ALIAS: gettext_lazy("别名一致"),
    Reason.INITIALS: gettext_lazy("拼音首字母相符"),
    Reason.DOOR: gettext_lazy("门牌一致"),
    Reason.NEAR_DOOR: gettext_lazy("同侧邻近门牌"),
    Reason.STREET: gettext_lazy("同一街巷"),
    Reason.PART_OF_NAME: gettext_lazy("名称包含"),
    Reason.SIMILAR: gettext_lazy("名称相近"),
    Reason.OTHER_REGION: gettext_lazy("行政区划不符"),
    Reason.HISTORICAL: gettext_lazy("历史地名"),
}
VERDICTS: dict[str, str | Promise] = {
    Verdict.FOUND: gettext_lazy("命中"),
    Verdict.AMBIGUOUS: gettext_lazy("不唯一"),
    Verdict.MISSING: gettext_lazy("未找到"),
}
SIDES: dict[str, str | Promise] = {
    "N": gettext_lazy("北侧"),
    "NE": gettext_lazy("东北侧"),
    "E": gettext_lazy("东侧"),
    "SE": gettext_lazy("东南侧"),
    "S": gettext_lazy("南侧"),
    "SW": gettext_lazy("西南侧"),
    "W": gettext_lazy("西侧"),
    "NW": gettext_lazy("西北侧"),
}


def reason_words(reasons: Iterable[str]) -> str:
    """The reasons in a row: 门牌一致、名称包含."""
    return "、".join(str(REASONS[reason]) for reason in reasons)


def bearing_words(place: str, side: str, metres: float) -> str:
    """Where a point lies, seen from a place: 西湖文化广场东侧 30 米; the place alone where the point is at it."""
    if not side:
        return place
    return _("%(place)s%(side)s %(metres)s 米") % {"place": place, "side": SIDES[side], "metres": round(metres)}
