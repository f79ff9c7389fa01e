"""Whether this process lives (``/healthz``), whether it can serve (``/readyz``), and numbers (``/metrics``).

Neither answer depends on a peer: a parent that is down must not take the city down.
"""

import logging
import shutil
import time
from collections.abc import Callable

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST
from redis import Redis

from cityops.foundation import numbers
from cityops.foundation.cache import CONNECTION

logger = logging.getLogger(__name__)
LOOPBACK = frozenset({"127.0.0.1", "::1"})
LEAST_FREE_SHARE = 0.05
"""Below this share of free disk the instance is not ready: PostgreSQL stops for good when the disk is full."""


class Unready(Exception):
    """One thing that is not as it must be."""


def _database() -> str:
    """Write and read back one value in a scratch table that vanishes with the statement's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE IF NOT EXISTS readyz_scratch (at double precision) ON COMMIT DELETE ROWS"
        )
        cursor.execute("INSERT INTO readyz_scratch VALUES (%s) RETURNING at", [time.time()])
        if cursor.fetchone() is None:
            raise Unready("a row written was not returned")
    return "writes"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        raise Unready(f"{len(plan)} not applied on {DEFAULT_DB_ALIAS}: run manage.py migrate")
    return "applied"


def _disk() -> str:
    usage = shutil.disk_usage(settings.VAR if settings.VAR.exists() else "/")
    share = usage.free / usage.total
    if share < LEAST_FREE_SHARE:
        raise Unready(f"{share:.0%} free, at least {LEAST_FREE_SHARE:.0%} is needed")
    return f"{share:.0%} free"


def _redis() -> str:
    """Not asked through the cache, which goes on without Redis."""
    with Redis.from_url(settings.REDIS_URL, **CONNECTION) as client:
        client.ping()
    return "answers"


CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "disk": _disk,
    "redis": _redis,
}
CAN_DO_WITHOUT = frozenset({"redis"})
"""Told, but no reason to send people elsewhere: without Redis work is woken later, nothing else."""


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers; says nothing about what it stands on."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when everything this instance needs for itself works, else 503; details for loopback and the token only.

    The status is ``degraded``, with 200, where only something fails that it can do without.
    """
    results: dict[str, dict[str, str]] = {}
    for name, check in CHECKS.items():
        try:
            results[name] = {"status": "ok", "detail": check()}
        except Exception as error:
            logger.warning("readyz: %s: %s", name, error)
            results[name] = {"status": "failed", "detail": f"{type(error).__name__}: {error}"}
    failed = {name for name, result in results.items() if result["status"] != "ok"}
    is_ready = failed <= CAN_DO_WITHOUT
    body: dict[str, object] = {"status": "failed" if not is_ready else "degraded" if failed else "ok"}
    body["checks"] = results if _may_see(request) else {name: result["status"] for name, result in results.items()}
    return JsonResponse(body, status=200 if is_ready else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text: for loopback, and for who brings CITYOPS_METRICS_TOKEN; for all others it is not there."""
    if not _may_see(request):
        return HttpResponse(status=404)
    return HttpResponse(numbers.exposition(), content_type=CONTENT_TYPE_LATEST)


def _may_see(request: HttpRequest) -> bool:
    """With a token set, the token decides; without one, a direct caller on loopback may see (no proxy in between)."""
    if token := settings.CITYOPS_METRICS_TOKEN:
        return constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {token}")
    is_forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return request.META.get("REMOTE_ADDR") in LOOPBACK and not is_forwarded
