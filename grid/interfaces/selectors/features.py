"""Features of a collection as GeoJSON, made by the database: a page of ten thousand is one text, no object per record.

Pages are cut by key (``after``), not by number: what is added or removed meanwhile moves nothing, so the ``next``
links lead past every feature that was there all the time exactly once.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.gis.db.models import Extent
from django.contrib.gis.geos import Polygon
from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import CharField, F, Func, Max, Min, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.utils import timezone

from cityops.regions.models import WEB_MERCATOR
from grid.interfaces.rules.crs import Crs, Rectangle
from grid.interfaces.rules.moments import Interval
from grid.interfaces.selectors.collections import Collection
from grid.selectors.ground import division_prefix

DEGREE_DIGITS = 15
"""Decimals of a degree: as many as the stored number has, at most; fifteen bring every number back as it was."""
METRE_DIGITS = 4
EXTENT_SECONDS = 600


@dataclass(frozen=True)
class Question:
    """Which features of a collection are asked for, and how."""

    limit: int
    after: str = ""
    crs: Crs = Crs.CRS84
    bbox: Rectangle | None = None
    interval: Interval | None = None
    division: str = ""
    """A division code; everything under it counts."""
    equal: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """One page: ``features`` are the members of the array as JSON text, with commas between them."""

    features: str
    returned: int
    last: str
    """Key of the last feature, after which the next page begins."""
    has_more: bool


def page_of(collection: Collection, user: Any, question: Question) -> Page:
    """One page of what a person may see."""
    rows = narrowed(collection, collection.rows(user), question)
    if question.after:
        rows = rows.filter(**{f"{collection.key}__gt": question.after})
    told = _told(collection, rows.order_by(collection.key), question.crs)[: question.limit + 1]
    found = _features(collection, told, question.limit)
    return found or Page(features="", returned=0, last="", has_more=False)


def count_of(collection: Collection, user: Any, question: Question) -> int:
    """How many features answer a question on all pages together."""
    return narrowed(collection, collection.rows(user), question).count()


def one_of(collection: Collection, user: Any, key: str, crs: Crs) -> str | None:
    """One feature as JSON text; None where there is none, or where the person may not see it."""
    told = _told(collection, collection.rows(user).filter(**{collection.key: key}), crs)
    found = _features(collection, told, 1)
    return found.features if found else None


def extent_of(collection: Collection, user: Any) -> dict[str, Any]:
    """``box`` (west, south, east, north in degrees) and ``times`` (first and last) of all that a person may see.

    Reads every record, so it is remembered for a while for those whose region says all about what they see.
    """
    if user.has_grants or user.is_bound_to_organisation:
        return _extent(collection, user)
    key = f"features:extent:{collection.id}:{user.scope_prefix}"
    found: dict[str, Any] | None = cache.get(key)
    if found is None:
        found = _extent(collection, user)
        cache.set(key, found, EXTENT_SECONDS)
    return found


def _extent(collection: Collection, user: Any) -> dict[str, Any]:
    found = collection.rows(user).aggregate(
        box=Extent("geom"), first=Min(collection.moment), last=Max(collection.moment)
    )
    box = found["box"]
    return {"box": list(box) if box else None, "times": [_moment(found["first"]), _moment(found["last"])]}


def _moment(value: date | datetime | None) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.isoformat()
    return timezone.make_aware(datetime(value.year, value.month, value.day)).isoformat()  # noqa: DTZ001


def narrowed(collection: Collection, rows: QuerySet[Any], question: Question) -> QuerySet[Any]:
    """The rows that a question asks for, of all pages."""
    if question.bbox is not None:
        shapes = [Polygon.from_bbox(box) for box in question.bbox.boxes]
        for shape in shapes:
            shape.srid = WEB_MERCATOR
        rows = rows.filter(reduce(or_, (Q(geom_3857__intersects=shape) for shape in shapes)))
    if question.interval is not None:
        rows = _within(collection, rows, question.interval)
    if question.division:
        rows = rows.filter(division_code__startswith=division_prefix(question.division))
    return rows.filter(**question.equal)


def _within(collection: Collection, rows: QuerySet[Any], interval: Interval) -> QuerySet[Any]:
    rows = rows.annotate(_moment=collection.moment)
    begin, end = interval.begin, interval.end
    if begin is not None:
        rows = rows.filter(_moment__gte=timezone.localdate(begin) if collection.has_days else begin)
    if end is not None:
        rows = rows.filter(_moment__lte=timezone.localdate(end) if collection.has_days else end)
    return rows


def _told(collection: Collection, rows: QuerySet[Any], crs: Crs) -> QuerySet[Any]:
    """Key, geometry as GeoJSON, and the properties, as columns in this order."""
    shape: Any = F("geom_3857") if crs.is_projected else F("geom")
    if crs.has_latitude_first:
        shape = Func(shape, function="ST_FlipCoordinates")
    digits = METRE_DIGITS if crs.is_projected else DEGREE_DIGITS
    drawn = Func(shape, Value(digits), Value(0), function="ST_AsGeoJSON", output_field=TextField())
    key = Cast(collection.key, CharField())
    return rows.annotate(_key=key, _shape=drawn).values_list("_key", "_shape", *collection.fields)


def _features(collection: Collection, told: QuerySet[Any], limit: int) -> Page | None:
    try:
        sql, params = told.query.sql_with_params()
    except EmptyResultSet:  # known without asking: a department's person without a department
        return None
    names = ", ".join(("key", "shape", *collection.fields))
    properties = ", ".join(f"t.{name}" for name in collection.fields)
    statement = f"""
SELECT string_agg('{{"type":"Feature","id":' || to_json(t.key)::text || ',"geometry":' || coalesce(t.shape, 'null')
           || ',"properties":' || row_to_json((SELECT p FROM (SELECT {properties}) p))::text || '}}',
           ',' ORDER BY t.key)
           FILTER (WHERE t.place <= %s),
       count(*), max(t.key) FILTER (WHERE t.place <= %s)
FROM (SELECT *, row_number() OVER (ORDER BY key) AS place FROM ({sql}) AS told ({names})) t
"""
    with connection.cursor() as cursor:
        cursor.execute(statement, [limit, limit, *params])
        text, count, last = cursor.fetchone() or (None, 0, None)
    if not count or text is None:
        return None
    return Page(features=text, returned=min(count, limit), last=str(last), has_more=count > limit)
