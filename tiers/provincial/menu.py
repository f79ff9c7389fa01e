"""The menu of a province."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tiers.menu import Entry

ANALYSIS = frozenset({"analysis"})
EVALUATION = frozenset({"evaluation"})
EXCHANGE = frozenset({"exchange"})
MAINTENANCE = frozenset({"maintenance"})
MENU: tuple[Entry, ...] = (
    Entry(_("总览"), "home", "home"),
    Entry(
        _("城市一览"),
        "city-list",
        "building-community",
        permission="evaluation.view_figure",
        systems=ANALYSIS,
        covers=("city-",),
    ),
    Entry(_("案件"), "case-list", "inbox", permission="grid.view_case", systems=ANALYSIS, covers=("case-",)),
    Entry(_("网格"), "grid-list", "layout-grid", permission="grid.view_unitgrid", systems=ANALYSIS, covers=("grid-",)),
    Entry(
        pgettext_lazy("菜单", "部件"),
        "component-list",
        "box",
        permission="grid.view_component",
        systems=ANALYSIS,
        covers=("component-",),
    ),
    Entry(
        _("指标"), "figure-list", "scale", permission="evaluation.view_figure", systems=EVALUATION, covers=("figure-",)
    ),
    Entry(
        _("数据交换"),
        "exchange-overview",
        "arrows-exchange",
        permission="exchange.view_link",
        systems=EXCHANGE,
        covers=("exchange-",),
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
        covers=("organisation-", "person-", "role-", "token-", "grant-", "calendar", "audit-", "node-", "maintenance-"),
    ),
)
