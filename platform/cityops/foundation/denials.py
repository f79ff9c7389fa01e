"""Denied acts in the audit trail: each one up to so many a minute, so that nobody fills the trail by being refused."""

from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from cityops.foundation import audit
from cityops.foundation.addresses import network_of
from cityops.foundation.context import current_actor

EACH_UP_TO = 20
"""Refusals in one minute that get an entry each; beyond, one entry at 100, 1 000, 10 000 … tells how many there were.

Whoever can be refused could fill the trail otherwise, which is never cut.
"""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
ADMINISTRATION = "maintenance/"
"""Beginning of the routes where looking is an act, too."""


def deserves_entry(number: int) -> bool:
    """Whether the refusal with this number in its minute gets an entry."""
    return number <= EACH_UP_TO or (number >= 100 and str(number).rstrip("0") == "1")


def number_in_minute(bucket: str) -> int:
    """Which refusal of this minute it is, from 1, among those of ``bucket``."""
    key = f"refused:{timezone.now():%Y%m%d%H%M}:{bucket}"
    cache.add(key, 0, 120)
    try:
        return cache.incr(key)
    except ValueError:  # it ran out between the two lines
        return 1


def note_denied(request: HttpRequest, response: HttpResponse) -> None:
    """Write that a person was denied an act, or that a token did not hold; called while the actor is known."""
    if response.status_code not in (401, 403):
        return
    told = getattr(response, "data", None)  # other standards tell their refusals in other forms
    code = told.get("code", "forbidden") if isinstance(told, dict) else "forbidden"
    route = request.resolver_match.route if request.resolver_match else ""
    actor = current_actor()
    if response.status_code == 403 and actor.user_id:
        if request.method in SAFE and not route.startswith(ADMINISTRATION):
            return
        bucket = f"{actor.user_id}:{route}"
    elif response.status_code == 401 and code.startswith("token_"):
        bucket = f"{network_of(actor.address)}:{route}"
    else:
        return
    number = number_in_minute(bucket.replace(" ", ""))
    if deserves_entry(number):
        facts = {"method": str(request.method)[:10], "path": request.path.replace("\0", "")[:200], "code": code}
        if number > EACH_UP_TO:
            facts["denied_this_minute"] = str(number)
        with transaction.atomic():
            audit.record("access.denied", kind="route", key=route, after=facts, succeeded=False)
