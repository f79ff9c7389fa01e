"""Lengths of time in words, the same on every page."""

from django.utils.translation import gettext as _

HOURS_PER_DAY = 24


def span_words(seconds: float, *, hours_per_day: int = HOURS_PER_DAY) -> str:
    """A length of time in two units at most: 2 日 3 时, 1 时 20 分, 5 分.

    With fewer than 24 hours a day it is working time, and its days are called working days.
    """
    minutes = int(abs(seconds)) // 60
    a_day = hours_per_day * 60
    values = {"days": minutes // a_day, "hours": minutes % a_day // 60, "minutes": minutes % 60}
    if values["days"]:
        worked = hours_per_day < HOURS_PER_DAY
        return (_("%(days)s 工作日 %(hours)s 时") if worked else _("%(days)s 日 %(hours)s 时")) % values
    return (_("%(hours)s 时 %(minutes)s 分") if values["hours"] else _("%(minutes)s 分")) % values


def left_words(seconds: float, *, hours_per_day: int = HOURS_PER_DAY) -> str:
    """What is left of a limit, or by how much it is exceeded: 剩 1 时 20 分, 超 5 分."""
    words = _("剩 %(span)s") if seconds >= 0 else _("超 %(span)s")
    return words % {"span": span_words(seconds, hours_per_day=hours_per_day)}
