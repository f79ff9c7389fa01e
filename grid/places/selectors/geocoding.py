"""Forward geocoding 正向地理编码: from a text to places with point, unit grid, community, score and the reasons.

Two rounds, each one statement for all texts together: by the keys of names and doors, then, for what is not found so,
by likeness of words (pg_trgm). Both go by indexes; the number of statements does not depend on what is found.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import connection, transaction
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Length
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from grid.places.models import Place
from grid.places.rules.addresses import Parts, split_address
from grid.places.rules.matching import FOUND_FROM, POSSIBLE_FROM, Known, Verdict, doors_around, score, verdict
from grid.places.rules.regions import Gazetteer
from grid.places.selectors.areas import area_names, city_gazetteer
from grid.places.selectors.words import reason_words

LIKENESS = 0.4
"""Share of a text's three-sign pieces that the key of a place must hold for the second round."""
BY_NAME, BY_DOOR, BY_LIKENESS = 12, 60, 12
"""Places that one text brings in by each way."""
AT_ONCE = 50
"""Texts in one statement."""
SHORTEST = 2
"""Signs below which a text is not searched for."""


@dataclass(frozen=True)
class Candidate:
    """A place that may be what a text means."""

    place: Place
    score: float
    reasons: tuple[str, ...]
    community: str
    """County, street and community in words."""

    @property
    def why(self) -> str:
        """The reasons in words."""
        return reason_words(self.reasons)

    @property
    def note(self) -> str:
        """What is to be known of a name that is out of use; empty for a current one."""
        return note_of(self.place)


@dataclass(frozen=True)
class Answer:
    """What became of one text."""

    text: str
    verdict: Verdict
    candidates: tuple[Candidate, ...]
    """The best first."""


def note_of(place: Place) -> str:
    """What is to be known of a name that is out of use; empty for a current one."""
    if not place.is_historical:
        return ""
    if place.historic_of is not None:
        return _("历史地名，现为“%(name)s”") % {"name": place.historic_of.place_name}
    return _("已停用的地名")


def places_for(user: User | None) -> QuerySet[Place]:
    """The places a person may see; ``None`` is the instance itself (commands, reports)."""
    found: QuerySet[Place] = Place.objects.all() if user is None else Place.objects.visible_to(user)
    return found


def geocode(user: User | None, text: str, *, limit: int = 10) -> Answer:
    """The places that a text may mean, the best first; both rounds, so that likely ones are offered too."""
    return next(geocode_many(user, [text], limit=limit, thorough=True))


def geocode_many(
    user: User | None, texts: Iterable[str], *, limit: int = 5, thorough: bool = False
) -> Iterator[Answer]:
    """The same for many texts, in their order, AT_ONCE at a time; ``thorough`` does the second round for all."""
    gazetteer = city_gazetteer()
    stream = iter(texts)
    while chunk := list(islice(stream, AT_ONCE)):
        yield from _answers(user, chunk, gazetteer, limit=limit, thorough=thorough)


def _answers(
    user: User | None, texts: Sequence[str], gazetteer: Gazetteer, *, limit: int, thorough: bool
) -> list[Answer]:
    asked = [split_address(text, gazetteer) for text in texts]
    places: dict[UUID, Place] = {}
    scores: dict[int, dict[UUID, Any]] = defaultdict(dict)

    def take(found: dict[int, set[UUID]]) -> None:
        missing = {rid for rids in found.values() for rid in rids} - set(places)
        places.update(Place.objects.select_related("historic_of").in_bulk(missing) if missing else {})
        known = {rid: _known(places[rid], gazetteer) for rids in found.values() for rid in rids}
        for number, rids in found.items():
            scores[number].update({rid: score(asked[number], known[rid]) for rid in rids})

    take(_run(_by_keys(user, asked)))
    open_ones = [n for n in range(len(asked)) if thorough or _best(scores[n]) < FOUND_FROM]
    take(_run(_by_likeness(user, asked, open_ones)))
    ranked = [_ranked(scores[number], places, limit) for number in range(len(asked))]
    names = area_names(places[rid].division_code for row in ranked for rid, _found in row)
    return [
        Answer(
            text,
            verdict([(found.score, places[rid].point) for rid, found in row]),
            tuple(
                Candidate(places[rid], found.score, found.reasons, names[places[rid].division_code])
                for rid, found in row
            ),
        )
        for text, row in zip(texts, ranked, strict=True)
    ]


def _best(found: dict[UUID, Any]) -> float:
    return max((one.score for one in found.values()), default=0.0)


def _ranked(found: dict[UUID, Any], places: dict[UUID, Place], limit: int) -> list[tuple[UUID, Any]]:
    """The best places of a text, current names before those out of use, then by id."""
    good = [(rid, one) for rid, one in found.items() if one.score >= POSSIBLE_FROM]
    good.sort(key=lambda pair: (-pair[1].score, places[pair[0]].is_historical, places[pair[0]].place_id))
    return good[:limit]


def _known(place: Place, gazetteer: Gazetteer) -> Known:
    return Known(
        names=tuple(place.names),
        address=split_address(place.std_address, gazetteer),
        division_code=place.division_code,
        is_historical=place.is_historical,
    )


def _by_keys(user: User | None, asked: Sequence[Parts]) -> list[QuerySet[Any]]:
    """The first round: the same name or alias, the same door or one near by."""
    found = []
    for number, parts in enumerate(asked):
        base = places_for(user).annotate(number=Value(number, output_field=IntegerField()))
        if names := [name for name in {parts.whole, parts.text, parts.name} if len(name) >= SHORTEST]:
            rows = base.filter(names__overlap=names).order_by("-valid", "place_id")
            found.append(rows.values_list("number", "rid")[:BY_NAME])
        if doors := doors_around(parts):
            first = Case(When(Q(door=parts.door), then=0), default=1, output_field=IntegerField())
            rows = base.filter(door__in=doors).exclude(door="").order_by(first, "-valid", "place_id")
            found.append(rows.values_list("number", "rid")[:BY_DOOR])
    return found


def _by_likeness(user: User | None, asked: Sequence[Parts], numbers: Iterable[int]) -> list[QuerySet[Any]]:
    """The second round: words that are much alike; by the street too, of which perhaps only other doors are known."""
    found = []
    for number in numbers:
        parts = asked[number]
        for probe in dict.fromkeys((parts.text, parts.name, parts.street)):
            if len(probe) < SHORTEST:
                continue
            base = places_for(user).annotate(number=Value(number, output_field=IntegerField()))
            likeness = TrigramWordSimilarity(probe, "search")
            rows = base.filter(search__trigram_word_similar=probe).order_by(likeness.desc(), Length("search"), "rid")
            found.append(rows.values_list("number", "rid")[:BY_LIKENESS])
    return found


def _run(queries: list[QuerySet[Any]]) -> dict[int, set[UUID]]:
    """The places that one statement of several queries finds, by the number of the text."""
    found: dict[int, set[UUID]] = defaultdict(set)
    if not queries:
        return found
    first, *others = queries
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(LIKENESS)])
        for number, rid in first.union(*others, all=True) if others else first:
            found[number].add(rid)
    return found
