"""The lights 灯号 in words: one table for filters, legends and the marks of the pages."""

from django.utils.functional import Promise, lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from grid.models import ClockSetting
from grid.rules.clock import Light


def _yellow() -> str:
    return gettext("用时 ≥ %s%%") % round(ClockSetting.yellow_share() * 100)


WORDS: dict[Light, tuple[str | Promise, str | Promise]] = {
    Light.RED: (_("红"), _("超期")),
    Light.YELLOW: (_("黄"), lazy(_yellow, str)()),
    Light.GREEN: (_("绿"), _("正常")),
    Light.PAUSED: (_("暂停"), _("挂账")),
}
"""Light → its word and its meaning, worst first."""
CHOICES = [
    (light.value, word if light is Light.YELLOW else format_lazy("{} {}", word, meaning))
    for light, (word, meaning) in WORDS.items()
]
"""The lights as choices of a filter; the share of yellow is the city's, and a schema is written without a database."""
