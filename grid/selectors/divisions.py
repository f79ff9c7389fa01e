"""The divisions that figures are asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext as _

from cityops.foundation.errors import InvalidInput, NotThere
from cityops.regions.models import Division, DivisionQuerySet
from cityops.regions.rules import NATION, contains, pad_code, scope_prefix, shown_code
from grid.selectors.places import city_prefix


@dataclass(frozen=True)
class Place:
    """A division: code (12 digits), name, level."""

    code: str
    name: str
    level: int

    @property
    def prefix(self) -> str:
        """What every division code inside begins with."""
        return scope_prefix(self.code, self.level)

    @property
    def shown(self) -> str:
        """The code by level, as 3301."""
        return shown_code(self.code, self.level)

    def is_inside(self, prefix: str) -> bool:
        """Whether it lies inside what the prefix names."""
        return self.prefix.startswith(prefix)


def _light() -> DivisionQuerySet:
    """Divisions without their outlines, which no figure needs."""
    return Division.objects.defer("boundary", "boundary_3857", "center")


def _place(division: Division) -> Place:
    return Place(division.code, division.name, division.level)


def find_place(text: str, *, user: Any = None) -> Place:
    """The division of a code of 2, 4, 6, 9 or 12 digits, the current one before a retired one.

    Raises InvalidInput for what is no code; NotThere for a code nobody knows, outside what ``user`` may see, or outside
    the region of this instance, which holds no more than a part of such a place's cases.
    """
    code = NATION if text in ("0", "00") else text
    try:
        code = pad_code(code)
    except ValueError:
        detail = _("「%(text)s」不是区划代码：应为 2、4、6、9 或 12 位数字。") % {"text": text}
        raise InvalidInput(detail, errors=[{"field": "region", "code": "division_code"}]) from None
    division = _light().filter(code=code).order_by(F("valid_to").desc(nulls_first=True)).first()
    if division is None or not may_see(user, _place(division)):
        raise NotThere(_("没有代码为 %(code)s 的区划，或不在您的可见范围内。") % {"code": text})
    if not is_ours(_place(division)):
        raise NotThere(
            _("%(name)s(%(code)s)不在本平台负责的区域内，这里没有它的全部案件；请在负责该区域的平台查询。")
            % {"name": division.name, "code": text}
        )
    return _place(division)


def is_ours(place: Place) -> bool:
    """Whether a place lies in the region of this instance, so that all of its cases are here."""
    return place.is_inside("" if settings.CITYOPS_REGION == NATION else city_prefix())


def may_see(user: Any, place: Place) -> bool:
    """Whether the figures of a place are open to a person; None stands for the instance itself."""
    if user is None:
        return True
    return bool(user.is_authenticated and user.is_active and place.is_inside(user.scope_prefix))


def places_of(codes: Iterable[str]) -> list[Place]:
    """The current divisions of codes, in the order given; a code nobody knows is left out."""
    wanted = list(codes)
    found = {d.code: _place(d) for d in _light().current().filter(code__in=wanted)}
    return [found[code] for code in wanted if code in found]


def children_of(place: Place) -> list[Place]:
    """The divisions directly under a place, by code."""
    under = _light().current().filter(parent_code=place.code).exclude(code=place.code).order_by("code")
    return [_place(division) for division in under]


def places_under(place: Place, *, levels: tuple[int, ...]) -> list[Place]:
    """The divisions of some levels inside a place, by code."""
    inside = _light().current().inside(place.code, place.level).filter(level__in=levels)
    return [_place(division) for division in inside.order_by("code", "level")]


def ancestors_of(place: Place, *, user: Any = None) -> list[Place]:
    """From the top down to the parent of a place, as far as the person may see."""
    codes = {pad_code(place.code[:digits]) if digits else NATION for digits in (0, 2, 4, 6, 9)}
    above = [
        _place(division)
        for division in _light().current().filter(code__in=codes, level__lt=place.level).order_by("level")
        if contains(division.code, division.level, place.code)
    ]
    return [parent for parent in above if may_see(user, parent) and is_ours(parent)]
