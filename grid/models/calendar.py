"""The working calendar 工作日历 that deadlines are counted on."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CalendarDay(models.Model):
    """日历日: a day that differs from its weekday (a holiday, a make-up workday), from an official notice.

    A year without any row here has no official notice yet: it counts by weekends and is marked so.
    """

    day = models.DateField(_("日期"), primary_key=True)
    is_workday = models.BooleanField(_("工作日"))
    name = models.CharField(_("名称"), max_length=40, blank=True)
    source = models.CharField(_("依据"), max_length=200)

    class Meta:
        verbose_name = _("日历日")
        verbose_name_plural = _("日历日")
        ordering = ["day"]


class WorkingPeriod(models.Model):
    """工作时段: hours of a working day, valid from a day on (summer and winter hours)."""

    valid_from = models.DateField(_("启用日期"))
    starts_at = models.TimeField(_("开始"))
    ends_at = models.TimeField(_("结束"))

    class Meta:
        verbose_name = _("工作时段")
        verbose_name_plural = _("工作时段")
        ordering = ["valid_from", "starts_at"]
