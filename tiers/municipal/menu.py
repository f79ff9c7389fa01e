"""The menu of a city."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tiers.menu import Entry

COMMAND = frozenset({"command"})
EVALUATION = frozenset({"evaluation"})
EXCHANGE = frozenset({"exchange"})
MAINTENANCE = frozenset({"maintenance"})
MENU: tuple[Entry, ...] = (
    Entry(_("总览"), "home", "home"),
    Entry(
        _("案件"),
        "case-list",
        "inbox",
        permission="grid.view_case",
        systems=COMMAND,
        covers=("case-detail", "case-act"),
    ),
    Entry(_("登记"), "case-register", "circle-plus", permission="grid.register_case", systems=COMMAND),
    Entry(_("网格"), "grid-list", "layout-grid", permission="grid.view_unitgrid", systems=COMMAND, covers=("grid-",)),
    Entry(
        pgettext_lazy("菜单", "部件"),
        "component-list",
        "box",
        permission="grid.view_component",
        systems=COMMAND,
        covers=("component-",),
    ),
    Entry(_("导入"), "import-list", "file-import", permission="grid.import_data", systems=COMMAND, covers=("import-",)),
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
