"""Fixtures that every test may use."""

import os
import sys
import types
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase
from xdist.scheduler import Scheduling

from cityops.foundation.context import SYSTEM, become
from tests.scheduling import InstancesTogether

ROOT = Path(__file__).resolve().parents[1]
PLACES = {
    "national": ("000000000000", "000000000000-N"),
    "provincial": ("330000000000", "330000000000-P"),
    "municipal": ("330100000000", "330100000000-C"),
}
"""Where an instance of a tier stands, unless a test says otherwise: 国家, 浙江省, 杭州市."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling | None:
    """Of flows and browsers, those that share instances go to one worker."""
    return InstancesTogether(config, log) if config.getvalue("dist") == "loadscope" else None


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data that nobody in this project made; CITYOPS_SHARED names another place for it."""
    places = [Path(os.environ["CITYOPS_SHARED"])] if "CITYOPS_SHARED" in os.environ else []
    places += [ROOT.parent / "shared", ROOT.parents[1] / "shared"]
    for place in places:
        if (place / "data").is_dir():
            return place / "data"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{places[0] / 'data'} is missing; in CI the data must lie beside the checkout.")
    pytest.skip(f"{places[0] / 'data'} is missing: these tests read real data that is not part of the repository.")


@pytest.fixture(scope="session", autouse=True)
def _append_only_tables_may_be_emptied_between_tests():
    """The audit trail refuses TRUNCATE; only the clean-up after a test with real transactions may do it."""
    teardown = TransactionTestCase._fixture_teardown

    def emptied(self):
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
        try:
            teardown(self)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SET session_replication_role = DEFAULT")

    TransactionTestCase._fixture_teardown = emptied
    yield
    TransactionTestCase._fixture_teardown = teardown


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """Counts and answers in the cache, and who acts, are of one test only."""
    cache.clear()
    become(SYSTEM)


@pytest.fixture(autouse=True)
def _no_photo_is_asked_for(request: pytest.FixtureRequest) -> Iterator[None]:
    """Most tests are about something else than photos; those about them use ``photos_are_asked_for``."""
    from grid.rules.workflow import DEFAULT_WORKFLOW, SHIPPED
    from grid.selectors import workflows

    workflows.forget_workflows()
    if "photos_are_asked_for" not in request.fixturenames:
        bare = DEFAULT_WORKFLOW.without_photos()
        workflows._kept.active, workflows._kept.until = bare, float("inf")
        workflows._kept.by_code[SHIPPED] = bare
    yield
    workflows.forget_workflows()


@pytest.fixture
def photos_are_asked_for() -> None:
    """The shipped workflow, with all it asks for."""


def _uses_database(request: pytest.FixtureRequest) -> bool:
    wanted = {"db", "transactional_db", "live_server", "django_db_reset_sequences", "admin_user"}
    return bool(request.node.get_closest_marker("django_db") or wanted & set(request.fixturenames))


@pytest.fixture(autouse=True)
def _node_row(request: pytest.FixtureRequest) -> None:
    """Tell the database which node it is (its triggers ask), as ``manage.py node_init`` does."""
    if _uses_database(request):
        request.getfixturevalue("_django_db_helper")
        _be_node()


def _be_node() -> None:
    from django.conf import settings

    from sync.exchange.models import SyncSelf

    SyncSelf.objects.update_or_create(id=1, defaults={"node_code": settings.CITYOPS_NODE})


@pytest.fixture
def as_tier(settings, request: pytest.FixtureRequest) -> Callable[..., None]:
    """Make this process an instance of another tier: ``as_tier("national")``, ``as_tier("municipal", "330200000000")``.

    Changes the three settings, the routes, and the node that the database believes to be.
    """
    import_module("cityops.urls")  # as the tests' own tier, before the first change: it builds its routes once

    from cityops import urls  # noqa: F401 (the routes of this process's own tier are made before any change)

    def change(tier: str, region: str = "", node: str = "", systems: tuple[str, ...] = ()) -> None:
        default_region, default_node = PLACES[tier]
        settings.CITYOPS_TIER = tier
        settings.CITYOPS_REGION = region or default_region
        settings.CITYOPS_NODE = node or (f"{region}-{default_node[-1]}" if region else default_node)
        settings.CITYOPS_SYSTEMS = list(systems)
        settings.ROOT_URLCONF = _routes_module(tier, systems)
        if _uses_database(request):
            _be_node()

    return change


def _routes_module(tier: str, systems: tuple[str, ...]) -> str:
    """Name of a module that holds the routes of a tier; built like ``cityops.urls``."""
    from cityops import urls
    from tiers.systems import active_systems
    from tiers.tier import Tier

    active = active_systems(Tier(tier), list(systems))
    name = "tests_routes_" + "_".join(sorted(active))
    if name not in sys.modules:
        module = types.ModuleType(name)
        handlers = {key: value for key, value in vars(urls).items() if key.startswith("handler")}
        vars(module).update(handlers, urlpatterns=urls.routes(active))
        sys.modules[name] = module
    return name
