"""Numbers for Prometheus: requests counted here, gauges of other apps through a registry.

Several processes of one web server add up: each writes its counts into the folder PROMETHEUS_MULTIPROC_DIR (set by
``gunicorn.conf.py``), and whichever is asked reads them all.

An app adds what it knows without foundation knowing the app::

    numbers.gauges.register("cityops_sync_backlog", "Records not yet sent", ("link", "dataset"), backlog)

where ``backlog()`` yields ``((link, dataset), value)`` pairs, asked once per scrape.
"""

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

logger = logging.getLogger(__name__)
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
"""Methods with a series of their own; whatever else a caller invents is "other"."""
Samples = Iterable[tuple[tuple[str, ...], float]]


@dataclass(frozen=True)
class Gauge:
    """One number of an app, by labels; ``read`` is called when somebody asks."""

    name: str
    help: str
    labels: tuple[str, ...]
    read: Callable[[], Samples]


class Gauges:
    """The gauges of all apps; a Prometheus collector."""

    def __init__(self) -> None:
        self._gauges: dict[str, Gauge] = {}

    def register(self, name: str, text: str, labels: tuple[str, ...], read: Callable[[], Samples]) -> None:
        """Add a gauge; the same name again replaces it."""
        self._gauges[name] = Gauge(name, text, labels, read)

    def describe(self) -> Iterator[Metric]:
        """Nothing is read at start."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Read every gauge now; without the database those that ask it are left out, and the others still speak."""
        for gauge in self._gauges.values():
            family = GaugeMetricFamily(gauge.name, gauge.help, labels=gauge.labels)
            try:
                for labels, value in gauge.read():
                    family.add_metric(labels, value)
            except DatabaseError:
                logger.warning("the gauge %s could not be read", gauge.name, exc_info=True)
            else:
                yield family


registry = CollectorRegistry()
gauges = Gauges()
registry.register(gauges)
requests_total = Counter(
    "cityops_requests_total", "Requests answered", ["method", "route", "status"], registry=registry
)
request_seconds = Histogram("cityops_request_seconds", "Seconds until the answer", ["route"], registry=registry)


class RequestNumbersMiddleware:
    """Counts requests by route pattern (never by path: paths carry record numbers) and measures their time."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:  # noqa: D102
        started = time.perf_counter()
        response = self.get_response(request)
        route = request.resolver_match.route if request.resolver_match else "(none)"
        method = request.method if request.method in METHODS else "other"
        requests_total.labels(method, route, response.status_code).inc()
        request_seconds.labels(route).observe(time.perf_counter() - started)
        return response


def exposition() -> bytes:
    """Everything, of all processes of this web server, in Prometheus' text form."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return generate_latest(registry)
    together = CollectorRegistry()
    MultiProcessCollector(together)
    together.register(gauges)
    return generate_latest(together)
