"""The tile pass: for half a minute after a full check, tiles of a session are served without asking the database.

The view of a tile checks session, person, permission and scope, and then leaves in Redis what it found: the layers the
person may see, each with the scope of its tiles. A pass belongs to one session and to one *turn*; whoever signs out
loses it at once, and a change of people, roles, organisations or grants begins a new turn, which ends all passes.
It is never renewed by use, and never outlasts the session's own limits.
"""

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.utils import timezone
from redis import Redis
from redis.commands.core import Script
from redis.exceptions import RedisError

from cityops.accounts.receivers import BEGAN, SEEN
from cityops.foundation.cache import CONNECTION

SECONDS = {"divisions": 3600, "grids": 120, "components": 120, "load": 20, "cases": 10}
"""How long a tile may be served from the cache: what changes by the minute is drawn anew by the minute."""
MIME = "application/vnd.mapbox-vector-tile"
PASS_SECONDS = 30
"""How long a pass lasts at most."""
DRAWING = 3
"""Number of the way tiles are drawn and kept; a change of it lets go of those in the cache."""
ADDRESS = re.compile(r"/tiles/([a-z]+)/(\d{1,2})/(\d{1,7})/(\d{1,7})\.mvt")
TURN = "cityops.tile_turn"
"""Where in the environment of a request the view finds the turn that was read before anything was checked."""
DIGEST = 20
"""Length of the digest that stands before a kept tile."""
FIND = """
local turn = redis.call('GET', KEYS[1]) or '0'
local pass = redis.call('HMGET', KEYS[2], 'turn', ARGV[1])
if pass[1] ~= turn or not pass[2] then return {turn} end
return {turn, pass[2], redis.call('GET', ARGV[2] .. pass[2])}
"""
GIVE = """
if redis.call('HEXISTS', KEYS[1], 'ended') == 1 then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return redis.call('EXPIRE', KEYS[1], ARGV[1])
"""


@dataclass(frozen=True)
class Kept:
    """A tile as it lies in the cache."""

    body: bytes
    digest: str

    @classmethod
    def of(cls, body: bytes) -> "Kept":
        """A tile that was just drawn."""
        return cls(body, hashlib.blake2s(body, digest_size=DIGEST // 2).hexdigest())

    @classmethod
    def read(cls, stored: bytes) -> "Kept":
        """A tile from the cache."""
        return cls(stored[DIGEST:], stored[:DIGEST].decode())

    @property
    def stored(self) -> bytes:
        """What is put into the cache."""
        return self.digest.encode() + self.body


@dataclass(frozen=True)
class Place:
    """A tile of a layer."""

    layer: str
    z: int
    x: int
    y: int

    @property
    def key(self) -> str:
        """Key of the tile in the cache, to which the scope is added."""
        return f"{settings.CITYOPS_NODE}:tile:{DRAWING}:{self.layer}:{self.z}:{self.x}:{self.y}:"


@lru_cache(maxsize=2)
def client(url: str) -> Redis:
    """The connections of this process to Redis."""
    return Redis.from_url(url, **CONNECTION)


@lru_cache(maxsize=4)
def _script(url: str, text: str) -> Script:
    return client(url).register_script(text)


def place_of(path: str) -> Place | None:
    """The tile at an address; None for another address."""
    found = ADDRESS.fullmatch(path)
    return Place(found[1], int(found[2]), int(found[3]), int(found[4])) if found else None


@dataclass(frozen=True)
class Found:
    """The present turn; the scope of the layer, where a valid pass allows it; the tile, where it is kept."""

    turn: str = ""
    scope: str = ""
    kept: Kept | None = None


def find(session_key: str, place: Place) -> Found:
    """What a session may be served of a tile; one question to Redis."""
    try:
        answer = _script(settings.REDIS_URL, FIND)(
            keys=[_turn_key(), _pass_key(session_key)], args=[place.layer, place.key]
        )
    except RedisError:  # the full view answers without
        return Found()
    turn, scope, stored = answer if len(answer) == 3 else (answer[0], b"", None)
    return Found(turn.decode(), scope.decode(), Kept.read(stored) if stored else None)


def read(place: Place, scope: str) -> Kept | None:
    """A tile from the cache; None where it is not kept, or Redis is lost."""
    with suppress(RedisError):
        if isinstance(stored := client(settings.REDIS_URL).get(place.key + scope), bytes):
            return Kept.read(stored)
    return None


def keep(place: Place, scope: str, body: bytes) -> Kept:
    """Put a tile that was just drawn into the cache, where there is one."""
    kept = Kept.of(body)
    with suppress(RedisError):
        client(settings.REDIS_URL).set(place.key + scope, kept.stored, ex=SECONDS[place.layer])
    return kept


def give(session: Mapping[str, int], session_key: str, turn: str, scopes: Mapping[str, str]) -> None:
    """Leave a pass for a session that was checked after ``turn`` was read; ``scopes`` names the scope of each layer."""
    seconds = _seconds_left(session)
    if seconds <= 0 or not turn:
        return
    fields = [item for pair in scopes.items() for item in pair]
    with suppress(RedisError):
        _script(settings.REDIS_URL, GIVE)(keys=[_pass_key(session_key)], args=[seconds, "turn", turn, *fields])


def end(session_key: str) -> None:
    """End the pass of a session; a request still under way cannot leave a new one."""
    with suppress(RedisError), client(settings.REDIS_URL).pipeline() as steps:
        steps.delete(_pass_key(session_key))
        steps.hset(_pass_key(session_key), "ended", "1")
        steps.expire(_pass_key(session_key), 2 * PASS_SECONDS)
        steps.execute()


def begin_turn() -> None:
    """End every pass. Without Redis there is none to end, and none is left for longer than PASS_SECONDS."""
    with suppress(RedisError):
        client(settings.REDIS_URL).incr(_turn_key())


def _seconds_left(session: Mapping[str, int]) -> int:
    """How long the session lasts without the person doing anything, at most PASS_SECONDS."""
    if BEGAN not in session:
        return 0
    now = int(timezone.now().timestamp())
    until_end = settings.SESSION_COOKIE_AGE - (now - session[BEGAN])
    until_idle = settings.CITYOPS_SESSION_IDLE_SECONDS - (now - session.get(SEEN, 0))
    return min(PASS_SECONDS, until_end, until_idle)


def _turn_key() -> str:
    return f"{settings.CITYOPS_NODE}:tiles:turn"


def _pass_key(session_key: str) -> str:
    """The key does not tell the session's secret."""
    return f"{settings.CITYOPS_NODE}:tiles:pass:{hashlib.blake2s(session_key.encode(), digest_size=16).hexdigest()}"
