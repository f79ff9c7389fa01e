"""The shared cache: Redis while it answers, the memory of this process while it does not.

What lies in Redis is never executed: numbers, bytes and JSON go in and come out, no pickle. Losing Redis costs speed
and the counts of the last minutes; limits (failed sign-ins, requests per minute) then hold per process.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

import msgspec
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.exceptions import DataError, RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)
CONNECTION: dict[str, Any] = {"socket_connect_timeout": 0.5, "socket_timeout": 1.0, "retry": Retry(NoBackoff(), 1)}
"""How every connection of a request to Redis is made: one more try, no waiting."""
REST_SECONDS = 5
"""So long Redis is not asked again after it failed, so that a page does not wait for it at every question."""
BYTES, TEXT = b"b", b"j"


class PlainSerializer:
    """Whole numbers as they are (Redis counts with them), bytes and JSON behind a letter.

    A tuple comes back as a list. Raises TypeError for what JSON cannot say.
    """

    def dumps(self, value: Any) -> int | bytes:
        """What is put into Redis."""
        if type(value) is int:
            return value
        return BYTES + value if isinstance(value, bytes) else TEXT + msgspec.json.encode(value)

    def loads(self, stored: bytes) -> Any:
        """The value again. Raises DataError for what no serializer of this kind has written."""
        try:
            if stored[:1] == BYTES:
                return stored[1:]
            return msgspec.json.decode(stored[1:]) if stored[:1] == TEXT else int(stored)
        except ValueError as error:  # msgspec's are ValueErrors, too
            raise DataError("a value that this platform did not write") from error


class _Rest:
    """When Redis may be asked again; one for all threads of the process."""

    until = 0.0


def _steady(name: str) -> Callable[..., Any]:
    """The operation ``name`` of Redis; of the process's own memory where Redis fails."""
    of_redis = getattr(RedisCache, name)

    def operation(self: "SteadyRedisCache", *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= _Rest.until:
            try:
                return of_redis(self, *args, **kwargs)
            except RedisError as error:
                _Rest.until = time.monotonic() + REST_SECONDS
                logger.warning("Redis failed, this process goes on by itself: %s: %.200s", type(error).__name__, error)
        return getattr(self.meanwhile, name)(*args, **kwargs)

    return operation


class OneClient(RedisCacheClient):
    """Django's client makes a ``Redis`` for every question, which costs more than the question; one serves all."""

    def __init__(self, servers: list[str], **options: Any) -> None:
        super().__init__(servers, **options)
        self._kept: dict[bool, Any] = {}

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        """The client of this process; its pool gives each thread a connection of its own."""
        if write not in self._kept:
            self._kept[write] = super().get_client(key, write=write)
        return self._kept[write]


class SteadyRedisCache(RedisCache):
    """Django's Redis cache that outlives Redis."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = {"serializer": PlainSerializer, **CONNECTION, **params.get("OPTIONS", {})}
        super().__init__(server, {**params, "OPTIONS": options})
        self._class = OneClient
        self.meanwhile = LocMemCache("meanwhile", {**params, "OPTIONS": {"MAX_ENTRIES": 10_000}})

    add = _steady("add")
    get = _steady("get")
    set = _steady("set")
    touch = _steady("touch")
    delete = _steady("delete")
    get_many = _steady("get_many")
    has_key = _steady("has_key")
    incr = _steady("incr")
    set_many = _steady("set_many")
    delete_many = _steady("delete_many")
    clear = _steady("clear")
