"""The lights 灯号 in words: one table for filters, legends and the marks of the pages."""

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from grid.rules.clock import Light

WORDS: dict[Light, tuple[str | Promise, str | Promise]] = {
    Light.RED: (_("红"), _("超期")),
    Light.YELLOW: (_("黄"), _("用时 ≥ 80%")),
    Light.GREEN: (_("绿"), _("正常")),
    Light.PAUSED: (_("暂停"), _("挂账")),
}
"""Light → its word and its meaning, worst first."""
CHOICES = [(light.value, format_lazy("{} {}", word, meaning)) for light, (word, meaning) in WORDS.items()]
"""The lights as choices of a filter."""
