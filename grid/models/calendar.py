"""The working calendar 工作日历 that deadlines are counted on, its changes, and the settings of the clocks."""

import time
from dataclasses import dataclass
from fractions import Fraction

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from grid.rules.clock import YELLOW_SHARE

KEPT_SECONDS = 30
"""How long a process counts with the calendar and settings it has read; a change elsewhere holds after that time."""


class AreaClass(models.TextChoices):
    """区域类别 (CL_DEADLINE): limits may differ by it."""

    A = "A", _("A 重点区域")
    B = "B", _("B 一般区域")
    C = "C", _("C 其他区域")


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
    """工作时段: hours of a working day, valid from a day on; yearly ones come back each year (summer, winter)."""

    valid_from = models.DateField(_("启用日期"))
    starts_at = models.TimeField(_("开始"))
    ends_at = models.TimeField(_("结束"))
    is_yearly = models.BooleanField(_("每年重复"), default=False)

    class Meta:
        verbose_name = _("工作时段")
        verbose_name_plural = _("工作时段")
        ordering = ["valid_from", "starts_at"]


@dataclass
class _Kept:
    share: Fraction = YELLOW_SHARE
    until: float = -1.0


_kept = _Kept()


class ClockSetting(models.Model):
    """时限设置: what the city sets about its clocks; one row at most."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    yellow_percent = models.PositiveSmallIntegerField(
        _("黄灯起点(%)"),
        default=round(YELLOW_SHARE * 100),
        validators=[MinValueValidator(1), MaxValueValidator(99)],
        help_text=_("时限用去这个比例以后亮黄灯；超过 100% 亮红灯，不可设置。"),
    )

    class Meta:
        verbose_name = _("时限设置")
        verbose_name_plural = _("时限设置")
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="clock_setting_once"),
            models.CheckConstraint(
                condition=models.Q(yellow_percent__gte=1, yellow_percent__lte=99), name="clock_setting_yellow"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.yellow_percent} %"

    @classmethod
    def yellow_share(cls) -> Fraction:
        """Share of a limit after which its light turns yellow; kept in the process for a short while."""
        if time.monotonic() > _kept.until:
            percent = cls.objects.values_list("yellow_percent", flat=True).first()
            _kept.share = YELLOW_SHARE if percent is None else Fraction(percent, 100)
            _kept.until = time.monotonic() + KEPT_SECONDS
        return _kept.share

    @staticmethod
    def forget() -> None:
        """Read the setting anew at the next question; called when it was changed here."""
        _kept.until = -1.0


class CalendarChange(models.Model):
    """日历变更: days on which other hours are worked than before; running limits on them are counted anew 重算."""

    first_day = models.DateField(_("起始日"))
    last_day = models.DateField(_("截止日"), null=True, blank=True)
    """None: from ``first_day`` on."""
    only_warnings = models.BooleanField(_("只重算预警"), default=False)
    """True where no deadline moves: the share at which lights turn yellow was changed."""
    because = models.CharField(_("原因"), max_length=200)
    changed_by = models.CharField(_("变更人"), max_length=150, blank=True)
    changed_at = models.DateTimeField(_("变更时间"), auto_now_add=True)
    recounted_at = models.DateTimeField(_("重算时间"), null=True, blank=True)
    """None while the limits wait to be counted anew."""
    cases = models.PositiveIntegerField(_("重算案件数"), default=0)

    class Meta:
        verbose_name = _("日历变更")
        verbose_name_plural = _("日历变更")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], name="calendar_change_waiting", condition=models.Q(recounted_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.first_day} {self.because}"
