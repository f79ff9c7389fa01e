"""A statement 绩效表: counts, values, score, grade and honesty of all objects of a kind in a division and period."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.accounts.models import Organisation
from cityops.foundation.errors import NotThere
from cityops.regions.models import Division
from cityops.regions.rules import DIGITS, Level
from grid.performance.rules.counts import COUNTS, POSTS, Target
from grid.performance.rules.formulas import POST_OBJECTS, FormulaSet, Indicator
from grid.performance.rules.scoring import Result, Value, result_of, values_of
from grid.performance.selectors.counting import Asked, Counts, count
from grid.performance.selectors.words import POST_NAMES
from grid.rules.periods import Period
from grid.selectors.divisions import Place, children_of

LEAVES = {1: 2, 2: 3, 3: 4, 4: 5, 5: 6, 6: 6}
"""Level of a division → the level of its parts, where none of them is known."""


def parts_level(place: Place) -> Level:
    """The level of the divisions directly under a place: the districts of a municipality are counties."""
    first = next(iter(children_of(place)), None)
    return Level(first.level if first else LEAVES[place.level])


@dataclass(frozen=True)
class Row:
    """One object in a period."""

    target: Target
    code: str
    """As the counts are keyed: a prefix of a division code, a department, a post with its team."""
    name: str
    counts: Counts
    values: dict[str, Value]
    result: Result | None
    """None where the set composes no score for such objects."""
    division_code: str = ""
    org_code: str = ""

    @property
    def score(self) -> Decimal | None:
        """The score of 0 to 100; None without data."""
        return self.result.score if self.result else None

    @property
    def grade(self) -> str:
        """The letter of the grade; empty without a score."""
        return self.result.grade.letter if self.result and self.result.grade else ""

    @property
    def colour(self) -> str:
        """The colour of the grade."""
        return self.result.grade.colour if self.result and self.result.grade else ""


@dataclass(frozen=True)
class Statement:
    """All objects of a kind in a period, by their code: never in the order of their scores."""

    formulas: FormulaSet
    target: Target
    place: Place
    period: Period
    as_of: datetime
    rows: tuple[Row, ...]

    @property
    def is_running(self) -> bool:
        """Whether the period has not ended yet."""
        return self.as_of < self.period.bounds(timezone.get_default_timezone())[1]

    def row(self, code: str) -> Row | None:
        """The row of an object."""
        return next((row for row in self.rows if row.code == code), None)

    @property
    def indicators(self) -> list[Indicator]:
        """The indicators that apply to the objects: those of the score first, then the others it can be told for."""
        return indicators_of(self.formulas, self.target, self.rows)


def indicators_of(formulas: FormulaSet, target: Target, rows: Sequence[Row] = ()) -> list[Indicator]:
    """Indicators of the composition, then those of honesty, then any other with a value."""
    names = POST_OBJECTS.values() if target is Target.POST else [object_of(target, "")]
    scored = [part.indicator for name in names for part in formulas.objects.get(name, ())]
    told = [] if target is Target.POST else [*formulas.honesty]
    more = [code for code in formulas.indicators if any(row.values[code].value is not None for row in rows)]
    return [formulas.indicators[code] for code in dict.fromkeys([*scored, *told, *more])]


def object_of(target: Target, code: str) -> str:
    """The composition in a set that scores an object."""
    if target is Target.POST:
        return POST_OBJECTS[code[:2]]
    return "area" if target is Target.AREA else "department"


def asked_for(target: Target, place: Place, user: Any) -> Asked:
    """Whose counts a statement asks for. Raises NotThere for who is bound to a department and asks for others."""
    if user is not None and user.is_bound_to_organisation and target is not Target.DEPARTMENT:
        raise NotThere(_("您限于本单位，只有部门绩效可看。"))
    return Asked(target, place.prefix, user, DIGITS[parts_level(place)])


def statement(target: Target, place: Place, period: Period, formulas: FormulaSet, *, user: Any) -> Statement:
    """The statement of a period. ``user`` None is the instance itself; ask ``find_place`` for the place first.

    Of areas, the place itself comes first, its parts follow.
    """
    counted = count(asked_for(target, place, user), period)
    if target is Target.AREA:
        own = _sum(counted.values())
        counted = {
            place.prefix or "0": own,
            **{code: counts for code, counts in counted.items() if code != place.prefix},
        }
    named = names_of(target, counted, place)
    codes = sorted(code for code in counted if code in named)
    rows = tuple(_row(target, code, named[code], counted[code], formulas=formulas, place=place) for code in codes)
    return Statement(formulas, target, place, period, timezone.now(), rows)


def _sum(many: Any) -> Counts:
    """The counts of a place are those of its parts together: every case lies in one part."""
    total: Counts = {}
    for counts in many:
        for code, number in counts.items():
            total[code] = total.get(code, 0) + number
    return total or {code: 0 for code in COUNTS if code != "unit_grid_num"}


def _row(target: Target, code: str, name: str, counts: Counts, *, formulas: FormulaSet, place: Place) -> Row:
    composed = object_of(target, code)
    result = result_of(formulas, composed, counts) if composed in formulas.objects else None
    org = code if target is Target.DEPARTMENT else code[2:] if target is Target.POST else ""
    division = (code if code != "0" else "").ljust(12, "0") if target is Target.AREA else place.code
    return Row(target, code, name, counts, values_of(formulas, counts), result, division, org)


def names_of(target: Target, codes: Any, place: Place) -> dict[str, str]:
    """The names of objects. Divisions that are no longer in force and unknown departments keep their code as name."""
    wanted = list(codes)
    if target is Target.AREA:
        padded = {code.ljust(12, "0"): code for code in wanted if code != "0"}
        rows = Division.objects.current().filter(code__in=padded).order_by("-level").values_list("code", "name")
        found = {padded[code]: name for code, name in rows}
        return {code: found.get(code, code) for code in wanted} | {place.prefix or "0": place.name}
    orgs = dict(_organisations(code if target is Target.DEPARTMENT else code[2:] for code in wanted))
    if target is Target.DEPARTMENT:
        return {code: orgs.get(code, code) for code in wanted}
    return {
        code: f"{POST_NAMES[code[:2]]} · {orgs.get(code[2:], code[2:])}" if code[2:] else str(POST_NAMES[code])
        for code in wanted
        if code[:2] in POSTS
    }


def _organisations(codes: Any) -> Any:
    return Organisation.objects.filter(org_code__in={code for code in codes if code}).values_list("org_code", "name")


def series(
    target: Target, code: str, place: Place, period: Period, formulas: FormulaSet, *, user: Any, length: int = 12
) -> list[tuple[Period, Row | None]]:
    """One object over the last periods, oldest first."""
    asked = asked_for(target, place, user)
    found: list[tuple[Period, Row | None]] = []
    for one in period.series(length):
        counted = count(asked, one)
        if target is Target.AREA and code == (place.prefix or "0"):
            counted = {code: _sum(counted.values())}
        counts = counted.get(code)
        name = names_of(target, [code], place).get(code, code)
        found.append((one, _row(target, code, name, counts, formulas=formulas, place=place) if counts else None))
    return found
