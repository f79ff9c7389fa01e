"""Responsibility grids 责任网格 (JC05) and evaluation grids 评价网格 (JC06)."""

import datetime as dt
import json
from typing import Self

from django.contrib.gis.db import models
from django.db.models.functions import Left
from django.utils.translation import gettext_lazy as _

from cityops.accounts.scoping import ScopedQuerySet
from cityops.foundation.records import ExchangedRecord, mark_triggers
from cityops.regions.models import CGCS2000
from grid.models.ground import CodeState


class DutyGridQuerySet(ScopedQuerySet):
    """Words to ask for responsibility grids."""

    def in_force(self, on: dt.date) -> Self:
        """Grids that hold on a day."""
        return self.filter(models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=on), valid_from__lte=on)

    def patrolled(self) -> Self:
        """Grids that collectors patrol."""
        return self.filter(grid_kind=DutyGrid.Kind.COLLECTING)


class DutyGrid(ExchangedRecord):
    """责任网格 (JC05): a named, connected set of unit grids with those who answer for it."""

    class Kind(models.TextChoices):
        """网格类型 (CL_GRIDKIND)."""

        COLLECTING = "01", _("采集责任")
        MAINTENANCE = "02", _("养护责任")
        ENFORCEMENT = "03", _("执法")
        SHARED = "04", _("综治共用")
        EVALUATION = "05", _("评价")

    grid_code = models.CharField(_("责任网格编码"), max_length=18, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    grid_kind = models.CharField(_("网格类型"), max_length=2, choices=Kind.choices, default=Kind.COLLECTING)
    unit_grids = models.TextField(_("包含单元网格"))
    """Codes of its unit grids as a JSON array, in order, as the dataset has it."""
    org_code = models.CharField(_("责任单位"), max_length=18)
    leader = models.CharField(_("网格负责人"), max_length=40, blank=True, help_text=_("只在本市使用,不上报。"))
    geom = models.MultiPolygonField(_("边界"), srid=CGCS2000, null=True)
    valid_from = models.DateField(_("启用日期"))
    valid_to = models.DateField(_("停用日期"), null=True, blank=True)
    """The last day on which it holds."""
    division_code = models.GeneratedField(
        expression=Left("grid_code", 12), output_field=models.CharField(max_length=12), db_persist=True
    )

    objects = DutyGridQuerySet.as_manager()

    class Meta:
        verbose_name = _("责任网格")
        verbose_name_plural = _("责任网格")
        ordering = ["grid_code"]
        indexes = [models.Index(fields=["division_code"], name="duty_grid_division", opclasses=["varchar_pattern_ops"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=models.F("valid_from")),
                name="duty_grid_ends_after_it_begins",
            )
        ]
        triggers = mark_triggers("JC05")

    def __str__(self) -> str:
        return self.name

    @property
    def unit_codes(self) -> list[str]:
        """Codes of its unit grids."""
        return [str(code) for code in json.loads(self.unit_grids)]

    def holds_on(self, day: dt.date) -> bool:
        """Whether it is in force on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class DutyGridUnitQuerySet(models.QuerySet["DutyGridUnit"]):
    """Words to ask for the unit grids of responsibility grids."""

    def on(self, day: dt.date) -> Self:
        """Those that belonged to their responsibility grid on a day."""
        return self.filter(models.Q(until__isnull=True) | models.Q(until__gte=day), since__lte=day)


class DutyGridUnit(models.Model):
    """责任网格的单元网格: the same list as rows with their days, so that what was patrolled then can still be counted.

    A unit grid lies in one responsibility grid of a kind at a time.
    """

    duty_grid = models.ForeignKey(DutyGrid, on_delete=models.CASCADE, related_name="units")
    grid_code = models.CharField(_("单元网格编码"), max_length=15)
    grid_kind = models.CharField(max_length=2)
    since = models.DateField()
    until = models.DateField(null=True)
    """The last day; none while it belongs to it."""

    objects = DutyGridUnitQuerySet.as_manager()

    class Meta:
        verbose_name = _("责任网格的单元网格")
        verbose_name_plural = _("责任网格的单元网格")
        ordering = ["grid_code"]
        indexes = [models.Index(fields=["grid_code"], name="duty_grid_unit_code")]
        constraints = [
            models.UniqueConstraint(fields=["duty_grid", "grid_code", "since"], name="duty_grid_unit_once"),
            models.UniqueConstraint(
                fields=["grid_code", "grid_kind"], condition=models.Q(until__isnull=True), name="duty_grid_unit_in_one"
            ),
        ]

    def __str__(self) -> str:
        return self.grid_code


class EvaluationGrid(ExchangedRecord):
    """评价网格 (JC06): an area that an evaluation looks at for a year, drawn by the city."""

    class Type(models.TextChoices):
        """评价网格类型 (CL_EVALGRID); what the letters mean awaits the standard."""

        A = "A", _("A类")
        B = "B", _("B类")
        C = "C", _("C类")

    grid_code = models.CharField(_("评价网格编码"), max_length=12)
    name = models.CharField(_("名称"), max_length=60, blank=True)
    grid_type = models.CharField(_("类型"), max_length=1, choices=Type.choices)
    division_code = models.CharField(_("街道代码"), max_length=9)
    geom = models.PolygonField(_("边界"), srid=CGCS2000)
    road_grade = models.CharField(_("道路/区域等级"), max_length=1, blank=True)
    pop_band = models.CharField(_("人口密度档"), max_length=1, blank=True)
    eval_year = models.CharField(_("评价年度"), max_length=4)
    status = models.CharField(_("状态"), max_length=1, choices=CodeState.choices, default=CodeState.VALID)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("评价网格")
        verbose_name_plural = _("评价网格")
        ordering = ["-eval_year", "grid_code"]
        constraints = [models.UniqueConstraint(fields=["grid_code", "eval_year"], name="evaluation_grid_once_a_year")]
        triggers = mark_triggers("JC06")

    def __str__(self) -> str:
        return self.name or self.grid_code
