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
    Entry(
        _("来源规则"),
        "intake-sources",
        "adjustments",
        permission="intake.view_sourcerule",
        systems=COMMAND,
        covers=("intake-source",),
    ),
    *ground(COMMAND),
    Entry(_("导入"), "import-list", "file-import", permission="grid.import_data", systems=COMMAND, covers=("import-",)),
    *COMMON,
)
