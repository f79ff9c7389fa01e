"""The menu of a city."""

from django.utils.translation import gettext_lazy as _

from tiers.menu import COMMON, HOME, Entry, ground

COMMAND = frozenset({"command"})
MENU: tuple[Entry, ...] = (
    HOME,
    Entry(_("现场"), "field", "camera", permission="field.use_phone", systems=COMMAND),
    Entry(
        _("工作台"), "desk-home", "layout-dashboard", permission="desks.use_desk", systems=COMMAND, covers=("desk-",)
    ),
    Entry(
        _("案件"),
        "case-list",
        "inbox",
        permission="grid.view_case",
        systems=COMMAND,
        covers=("case-detail", "case-act"),
    ),
    Entry(
        _("台账"),
        "ledger-list",
        "clipboard-list",
        permission="grid.view_case",
        systems=COMMAND,
        covers=("ledger-", "supervision-"),
    ),
    Entry(_("登记"), "case-register", "circle-plus", permission="grid.register_case", systems=COMMAND),
    Entry(
        _("反映人"),
        "reporter-list",
        "user-check",
        permission="reporters.view_reporter",
        systems=COMMAND,
        covers=("reporter-",),
    ),
    Entry(
        _("值守"),
        "duty-board",
        "calendar-time",
        permission="duty.view_roster",
        systems=COMMAND,
        covers=("duty-",),
    ),
    Entry(
        _("答复"),
        "intake-answers",
        "user-check",
        permission="intake.view_answer",
        systems=COMMAND,
        covers=("intake-answer",),
    ),
    Entry(
        _("责任表"),
        "intake-duties",
        "sitemap",
        permission="intake.view_dutyrule",
        systems=COMMAND,
        covers=("intake-dut",),
    ),
    Entry(_("疑点"), "signal-list", "eye", permission="signals.view_signal", systems=COMMAND, covers=("signal-",)),
    Entry(
        _("来源规则"),
        "intake-sources",
        "adjustments",
        permission="intake.view_sourcerule",
        systems=COMMAND,
        covers=("intake-source",),
    ),
    *ground(COMMAND),
    Entry(
        _("部件核对"),
        "inventory-check-list",
        "clipboard-check",
        permission="grid.view_component",
        systems=COMMAND,
        covers=("inventory-",),
    ),
    Entry(_("地点"), "place-list", "map-pin", permission="places.view_place", systems=COMMAND, covers=("place-",)),
    Entry(_("导入"), "import-list", "file-import", permission="grid.import_data", systems=COMMAND, covers=("import-",)),
    Entry(
        _("对外接口"),
        "interfaces",
        "link",
        permission="interfaces.view_interface",
        systems=COMMAND,
        covers=("interface-", "ogc-"),
    ),
    *COMMON,
)
