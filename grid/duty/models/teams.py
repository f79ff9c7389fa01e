"""Team statistics 采集与队伍统计 (GL10): how many collect, sit and dispatch, and how much ground they cover."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from cityops.accounts.scoping import ScopedQuerySet
from cityops.foundation.records import ExchangedRecord, mark_triggers


class TeamStatistic(ExchangedRecord):
    """采集与队伍统计 (GL10): a city's month. It stops at the team, never at a person."""

    division_code = models.CharField(_("城市"), max_length=6)
    period_code = models.CharField(_("月"), max_length=6)
    collectors = models.PositiveIntegerField(_("采集员数"))
    collector_shift_rate = models.DecimalField(_("到岗率%"), max_digits=6, decimal_places=2, null=True)
    """Shifts with at least one visit or step ÷ shifts of the roster; empty where nothing was scheduled."""
    seat_count = models.PositiveIntegerField(_("坐席数"))
    dispatchers = models.PositiveIntegerField(_("派遣员数"), null=True)
    enforcers = models.PositiveIntegerField(_("执法人员数"), null=True)
    coverage_km2 = models.DecimalField(_("覆盖面积"), max_digits=10, decimal_places=2)
    grids_patrolled = models.PositiveIntegerField(_("已巡单元网格数"), null=True)
    grids_total = models.PositiveIntegerField(_("单元网格总数"))
    terminals = models.PositiveIntegerField(_("终端数"), null=True)
    terminal_online = models.PositiveIntegerField(_("终端在线数"), null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("采集与队伍统计")
        verbose_name_plural = _("采集与队伍统计")
        ordering = ["-period_code", "division_code"]
        constraints = [
            models.UniqueConstraint(fields=["origin_code", "division_code", "period_code"], name="team_statistic_once")
        ]
        triggers = mark_triggers("GL10")

    def __str__(self) -> str:
        return f"{self.division_code} {self.period_code}"
