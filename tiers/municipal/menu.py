"""The menu of a city."""

from django.utils.translation import gettext_lazy as _

from tiers.menu import COMMON, HOME, Entry, ground

COMMAND = frozenset({"command"})
MENU: tuple[Entry, ...] = (
    HOME,
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
    *ground(COMMAND),
    Entry(_("导入"), "import-list", "file-import", permission="grid.import_data", systems=COMMAND, covers=("import-",)),
    *COMMON,
)
