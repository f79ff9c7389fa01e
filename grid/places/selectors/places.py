"""Lists of places, and one place with what its page shows."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from cityops.accounts.models import User
from cityops.accounts.scoping import may_work_on
from cityops.foundation.errors import NotThere
from grid.places.models import Place
from grid.places.rules.writing import normalise
from grid.places.selectors.areas import area_names
from grid.selectors.ground import division_prefix

WHOLE_PIECE = 3
"""Signs from which a part of a key is found by the index; a shorter one is looked up as a word."""


def visible_places(user: User) -> QuerySet[Place]:
    """The places a person may see, by id, without the keys of searches."""
    found: QuerySet[Place] = Place.objects.visible_to(user).defer("names", "search").order_by("place_id")
    return found


def filter_places(
    places: QuerySet[Any], *, q: str = "", division: str = "", place_type: str = "", valid: str = "", grid: str = ""
) -> QuerySet[Any]:
    """Places whose id begins with ``q`` or whose names or address hold it; in a division, of a type, in a grid."""
    if q:
        places = places.filter(place_id__startswith=q) if q.isdigit() else _holding(places, q)
    if division:
        places = places.filter(division_code__startswith=division_prefix(division))
    if place_type:
        places = places.filter(place_type=place_type)
    if valid:
        places = places.filter(valid=valid)
    return places.filter(grid_code=grid) if grid else places


def _holding(places: QuerySet[Any], q: str) -> QuerySet[Any]:
    words = normalise(q)
    if len(words) >= WHOLE_PIECE:
        return places.filter(search__contains=words)
    return places.filter(search__trigram_word_similar=words) if words else places.none()


def get_place(user: User, place_id: str) -> Place:
    """One place by its id. Raises NotThere where the person may not see it."""
    rows = Place.objects.visible_to(user).select_related("historic_of", "parent")
    found: Place | None = rows.filter(place_id=place_id).first()
    if found is None:
        raise NotThere
    return found


def place_to_change(user: User, place_id: str) -> Place:
    """One place that is the person's to change. Raises NotThere, also where it may only be seen."""
    place = get_place(user, place_id)
    if not may_work_on(user, place):
        raise NotThere
    return place


@dataclass(frozen=True)
class PlaceDetail:
    """A place with what its page shows."""

    place: Place
    community: str
    former: list[Place]
    """Names it had before."""
    parts: list[Place]
    """Places that belong to it, 20 at most."""
    may_change: bool
    """Whether it is this node's and lies in the person's scope; permissions aside."""


def place_detail(user: User, place_id: str) -> PlaceDetail:
    """A place, where it is, what it was called, what belongs to it. Raises NotThere."""
    place = get_place(user, place_id)
    seen = visible_places(user)
    return PlaceDetail(
        place=place,
        community=area_names([place.division_code])[place.division_code],
        former=list(seen.filter(historic_of=place)[:20]),
        parts=list(seen.filter(parent=place)[:20]),
        may_change=not place.is_replica and may_work_on(user, place),
    )
