"""Similar cases 相似案件: reported lately, near, of the same class or one that is taken for it."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.gis.geos import Point
from django.utils import timezone

from cityops.accounts.models import User
from cityops.regions.models import CGCS2000
from grid.intake.rules.similarity import Reach, distance_m, similarity
from grid.intake.selectors.confusable import taken_for
from grid.intake.selectors.sources import reach as reach_now
from grid.models import Case
from grid.rules.stages import Stage
from grid.selectors.cases import visible_cases

MOST_LOOKED_AT = 200
"""Cases that are scored; in a reach of 50 m and a day there are few."""
JOINED_OR_VOID = (Stage.MERGED.value, Stage.VOIDED.value, Stage.REJECTED.value)
"""Cases that nothing can be joined to."""


@dataclass(frozen=True)
class Similar:
    """A case that may be the same matter: how far (metres), how long ago (hours), how likely (0 to 100)."""

    case: Case
    metres: int
    hours: float
    score: int
    kinship: str
    """``same``, ``confusable`` or ``other`` class."""

    @property
    def may_be_joined_to(self) -> bool:
        """Whether a report can be joined to it: it is open."""
        return self.case.is_open


def similar_cases(
    user: User,
    longitude: float,
    latitude: float,
    *,
    class_code: str = "",
    besides: str = "",
    at: datetime | None = None,
    reach: Reach | None = None,
    limit: int = 5,
) -> list[Similar]:
    """Cases a person may see that lie within the reach of a point (CGCS2000) and a moment; the likeliest first.

    Without a class all classes count. ``besides`` is the number of the case itself. One query, by the index of the
    place.
    """
    reach, at = reach or reach_now(), at or timezone.now()
    stretch = reach.metres / math.cos(math.radians(latitude))
    wanted = _classes(class_code, reach)
    found = visible_cases(user).filter(
        reported_at__gte=at - timedelta(hours=reach.hours),
        reported_at__lte=at + timedelta(hours=reach.hours),
        geom_3857__dwithin=(Point(longitude, latitude, srid=CGCS2000), stretch),
    )
    if wanted:
        found = found.filter(class_code__in=wanted)
    rows = found.exclude(state__in=JOINED_OR_VOID).exclude(case_no=besides)[:MOST_LOOKED_AT]
    scored = [_scored(case, (longitude, latitude), class_code, at, reach) for case in rows]
    return sorted((one for one in scored if one.score), key=lambda one: (-one.score, one.case.case_no))[:limit]


def _classes(class_code: str, reach: Reach) -> list[str]:
    if not class_code:
        return []
    return [class_code, *(taken_for(class_code) if reach.with_confusable else ())]


def _scored(case: Case, spot: tuple[float, float], class_code: str, at: datetime, reach: Reach) -> Similar:
    metres = distance_m(*spot, case.geom.x, case.geom.y)
    hours = abs((at - case.reported_at).total_seconds()) / 3600
    kinship = "same" if case.class_code == class_code else "confusable" if class_code else "other"
    score = similarity(metres=metres, hours=hours, reach=reach, kinship=kinship)
    return Similar(case, round(metres), round(hours, 1), score, kinship)


def similar_to(user: User, case: Case, **asked: Any) -> list[Similar]:
    """Cases similar to one that is stored; those reported after it count too."""
    return similar_cases(
        user, case.geom.x, case.geom.y, class_code=case.class_code, besides=case.case_no, at=case.reported_at, **asked
    )
