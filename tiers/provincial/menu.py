"""The menu of a province."""

from django.utils.translation import gettext_lazy as _

from tiers.menu import COMMON, HOME, Entry, ground

ANALYSIS = frozenset({"analysis"})
MENU: tuple[Entry, ...] = (
    HOME,
    Entry(
        _("城市一览"),
        "city-list",
        "building-community",
        permission="evaluation.view_figure",
        systems=ANALYSIS,
        covers=("city-",),
    ),
    Entry(_("案件"), "case-list", "inbox", permission="grid.view_case", systems=ANALYSIS, covers=("case-",)),
    Entry(
        _("督办"),
        "oversight-list",
        "clipboard-check",
        permission="oversight.view_supervisiontask",
        systems=ANALYSIS,
        covers=("oversight-",),
    ),
    *ground(ANALYSIS),
    *COMMON,
)
