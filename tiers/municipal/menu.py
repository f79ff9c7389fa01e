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
    Entry(_("登记"), "case-register", "circle-plus", permission="grid.register_case", systems=COMMAND),
    *ground(COMMAND),
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
