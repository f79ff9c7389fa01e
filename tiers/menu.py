"""The menu 菜单 of each tier, as data: names of pages, permissions and systems are strings, nothing is imported.

An entry shows where one of its systems runs on this instance, its page has a route and the person holds its
permission. What is switched off therefore has no entry, and its address answers 404.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tiers.tier import Tier


@dataclass(frozen=True)
class Entry:
    """One entry of the menu."""

    title: str | Promise
    url_name: str
    icon: str
    """Name of an icon of the sprite (``platform/cityops/web/icons.txt``)."""
    permission: str = ""
    """Codename as in an app's ``permissions.py``; empty for everybody who is signed in."""
    systems: frozenset[str] = frozenset()
    """Shown where one of these runs; empty for always."""
    covers: tuple[str, ...] = ()
    """Beginnings of the URL names of pages that belong to this entry, so that it is marked there."""

    def holds(self, url_name: str) -> bool:
        """Whether the page called ``url_name`` belongs to this entry."""
        return url_name == self.url_name or url_name.startswith(self.covers)


EVALUATION = frozenset({"evaluation"})
EXCHANGE = frozenset({"exchange"})
AGGREGATION = frozenset({"aggregation"})
MAINTENANCE = frozenset({"maintenance"})
HOME = Entry(_("总览"), "home", "home")


def ground(systems: frozenset[str]) -> tuple[Entry, ...]:
    """Unit grids and components, where one of the systems runs that has them at a tier."""
    return (
        Entry(
            _("网格"), "grid-list", "layout-grid", permission="grid.view_unitgrid", systems=systems, covers=("grid-",)
        ),
        Entry(
            pgettext_lazy("菜单", "部件"),
            "component-list",
            "box",
            permission="grid.view_component",
            systems=systems,
            covers=("component-",),
        ),
    )


PERFORMANCE = Entry(
    _("绩效"),
    "performance-statement",
    "gauge",
    permission="performance.view_statement",
    systems=frozenset({"command", "analysis"}),
    covers=("performance-",),
)
COMMON: tuple[Entry, ...] = (
    PERFORMANCE,
    Entry(
        _("指标"), "figure-list", "scale", permission="evaluation.view_figure", systems=EVALUATION, covers=("figure-",)
    ),
    Entry(
        _("数据交换"),
        "exchange-overview",
        "arrows-exchange",
        permission="exchange.view_link",
        systems=EXCHANGE,
        covers=("exchange-", "road-"),
    ),
    Entry(
        _("数据汇聚"),
        "aggregation-overview",
        "report-search",
        permission="aggregation.view_quality",
        systems=AGGREGATION,
        covers=("aggregation-",),
    ),
    Entry(
        _("数据标准"),
        "standard-index",
        "book",
        systems=EXCHANGE,
        covers=("dataset-", "code-list-", "class-", "rule-", "division-"),
    ),
    Entry(
        _("应用维护"),
        "maintenance",
        "settings",
        systems=MAINTENANCE,
        covers=(
            "organisation-",
            "person-",
            "role-",
            "token-",
            "grant-",
            "calendar",
            "workflow-",
            "clock-",
            "audit-",
            "node-",
            "maintenance-",
        ),
    ),
)
"""What stands at the end of the menu of every tier."""


def of_tier(tier: Tier) -> tuple[Entry, ...]:
    """The entries of a tier in their order."""
    entries: tuple[Entry, ...] = import_string(f"tiers.{tier.value}.menu.MENU")
    return entries


def running(tier: Tier, systems: frozenset[str]) -> list[Entry]:
    """The entries whose systems run, whoever looks."""
    return [entry for entry in of_tier(tier) if not entry.systems or entry.systems & systems]
