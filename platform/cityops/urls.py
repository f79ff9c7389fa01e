"""Routes of this instance: a system that is off has none, so it answers 404.

Each app keeps its routes in ``web/urls.py`` (pages) and ``api/urls.py`` (API); this module only says at which
prefix and under which systems they open.
"""

from django.urls import URLPattern, URLResolver, include, path

from tiers.systems import active_systems

ALWAYS: frozenset[str] = frozenset()
PAGES: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("", "cityops.foundation.urls", ALWAYS),
    ("", "cityops.accounts.web.urls", ALWAYS),
    ("", "cityops.web.urls", ALWAYS),
    ("", "cityops.web.wall_urls", frozenset({"command"})),
    ("divisions/", "cityops.web.division_urls", ALWAYS),
    ("standard/", "sync.standard.web.urls", frozenset({"exchange"})),
    ("exchange/", "sync.exchange.web.urls", frozenset({"exchange"})),
    ("roads/", "sync.roads.web.urls", frozenset({"exchange"})),
    ("sync/v1/", "sync.exchange.peer.urls", frozenset({"exchange"})),
    ("aggregation/", "sync.aggregation.web.urls", frozenset({"aggregation"})),
    ("cases/", "grid.web.urls", frozenset({"command", "analysis"})),
    ("desk/", "grid.web.desk_urls", frozenset({"command"})),
    ("", "grid.web.workflow_urls", frozenset({"command"})),
    ("ground/", "grid.web.ground_urls", frozenset({"command", "analysis"})),
    ("ground/", "grid.web.upkeep_urls", frozenset({"command"})),
    ("tiles/", "grid.web.tile_urls", frozenset({"command", "analysis"})),
    ("places/", "grid.places.web.urls", frozenset({"command"})),
    ("reporters/", "grid.reporters.web.urls", frozenset({"command"})),
    ("duty/", "grid.duty.web.urls", frozenset({"command"})),
    ("intake/", "grid.intake.web.urls", frozenset({"command"})),
    ("performance/", "grid.performance.web.urls", frozenset({"command", "analysis"})),
    ("supervisions/", "grid.oversight.web.urls", frozenset({"analysis"})),
    ("signals/", "grid.signals.web.urls", frozenset({"command"})),
    ("desks/", "grid.desks.web.urls", frozenset({"command"})),
    ("field/", "grid.field.web.urls", frozenset({"command"})),
    ("ogc/v1/", "grid.interfaces.api.features.urls", frozenset({"command", "analysis"})),
    ("open311/v2/", "grid.interfaces.api.open311.urls", frozenset({"command"})),
    ("", "grid.interfaces.web.urls", frozenset({"command"})),
    ("figures/", "evaluation.web.urls", frozenset({"evaluation"})),
    ("cities/", "cityops.web.city_urls", frozenset({"analysis"})),
    ("maintenance/", "cityops.maintenance.web.urls", frozenset({"maintenance"})),
)
"""(prefix, module, systems): open where one of the systems runs; no systems means always."""
API: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("", "cityops.foundation.api.urls", ALWAYS),
    ("", "cityops.accounts.api.urls", ALWAYS),
    ("", "cityops.web.division_api_urls", ALWAYS),
    ("", "sync.standard.api.urls", frozenset({"exchange"})),
    ("", "sync.exchange.api.urls", frozenset({"exchange"})),
    ("", "sync.aggregation.api.urls", frozenset({"aggregation"})),
    ("", "grid.api.urls", frozenset({"command", "analysis"})),
    ("", "grid.api.upkeep_urls", frozenset({"command"})),
    ("", "grid.api.desk_urls", frozenset({"command"})),
    ("", "grid.places.api.urls", frozenset({"command"})),
    ("", "grid.reporters.api.urls", frozenset({"command"})),
    ("", "grid.duty.api.urls", frozenset({"command"})),
    ("", "grid.intake.api.urls", frozenset({"command"})),
    ("", "grid.performance.api.urls", frozenset({"command", "analysis"})),
    ("", "grid.oversight.api.urls", frozenset({"analysis"})),
    ("", "grid.signals.api.urls", frozenset({"command"})),
    ("", "grid.desks.api.urls", frozenset({"command"})),
    ("", "grid.field.api.urls", frozenset({"command"})),
    ("", "grid.interfaces.api.urls", frozenset({"command"})),
    ("", "evaluation.api.urls", frozenset({"evaluation"})),
    ("", "cityops.web.city_api_urls", frozenset({"analysis"})),
    ("", "cityops.maintenance.api.urls", frozenset({"maintenance"})),
)
"""The same for ``/api/v1/``."""


def _open(table: tuple[tuple[str, str, frozenset[str]], ...], systems: frozenset[str]) -> list[URLResolver]:
    return [path(prefix, include(module)) for prefix, module, needed in table if not needed or needed & systems]


def routes(systems: frozenset[str]) -> list[URLPattern | URLResolver]:
    """All routes of an instance that runs ``systems``."""
    return [*_open(PAGES, systems), path("api/v1/", include((_open(API, systems), "api")))]


urlpatterns = routes(active_systems())
handler400 = "cityops.web.errors.bad_request"
handler403 = "cityops.web.errors.forbidden"
handler404 = "cityops.web.errors.not_found"
handler500 = "cityops.web.errors.server_error"
