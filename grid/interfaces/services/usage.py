"""How often an interface was used, by day: counted in the cache, so that reading writes nothing to the database."""

from datetime import date, timedelta

from django.core.cache import cache
from django.utils import timezone

FEATURES, OPEN311 = "features", "open311"
DAYS = 14
KEPT_SECONDS = 40 * 86_400


def _key(interface: str, day: date) -> str:
    return f"interfaces:used:{interface}:{day:%Y%m%d}"


def note_use(interface: str) -> None:
    """Count one answered request of today."""
    key = _key(interface, timezone.localdate())
    cache.add(key, 0, KEPT_SECONDS)
    try:
        cache.incr(key)
    except ValueError:  # it was dropped between the two lines
        cache.set(key, 1, KEPT_SECONDS)


def uses(interface: str, days: int = DAYS) -> list[tuple[date, int]]:
    """Day and number of answered requests, the latest day first; since the cache was last emptied."""
    today = timezone.localdate()
    wanted = [today - timedelta(days=ago) for ago in range(days)]
    found = cache.get_many([_key(interface, day) for day in wanted])
    return [(day, int(found.get(_key(interface, day), 0))) for day in wanted]
