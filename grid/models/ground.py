"""Unit grids 单元网格."""

from typing import Any, Self

from django.contrib.gis.db import models
from django.contrib.gis.db.models.functions import Transform
from django.contrib.postgres.indexes import GistIndex
from django.utils.translation import gettext_lazy as _

from cityops.accounts.scoping import ScopedQuerySet
from cityops.foundation.records import ExchangedRecord, mark_triggers
from cityops.regions.models import CGCS2000, WEB_MERCATOR
from grid.models.calendar import AreaClass


class CodeState(models.TextChoices):
    """编码状态 (CL_CODESTATE): a retired code is never used again."""

    VALID = "1", _("有效")
    RETIRED = "9", _("作废")


class UnitGridQuerySet(ScopedQuerySet):
    """Words to ask for unit grids."""

    def in_force(self) -> Self:
        """Grids that are not retired."""
        return self.filter(status=CodeState.VALID)


class UnitGrid(ExchangedRecord):
    """单元网格 (JC04): about 10 000 m² inside one community; 15 digits = 12 of the community + 3 (GB/T 47678.3)."""

    grid_code = models.CharField(_("单元网格编码"), max_length=15, unique=True)
    name = models.CharField(_("网格名称"), max_length=60, blank=True)
    division_code = models.CharField(_("所属社区代码"), max_length=12, db_index=True)
    geom = models.PolygonField(_("网格边界"), srid=CGCS2000)
    area_m2 = models.DecimalField(_("面积(m²)"), max_digits=12, decimal_places=2)
    boundary_desc = models.CharField(_("四至说明"), max_length=300, blank=True)
    is_paved = models.CharField(_("是否硬化/建成"), max_length=1, blank=True)
    init_date = models.DateField(_("初始日期"))
    change_date = models.DateField(_("变更日期"), null=True, blank=True)
    status = models.CharField(_("状态"), max_length=1, choices=CodeState.choices, default=CodeState.VALID)
    note = models.CharField(_("备注"), max_length=200, blank=True)
    source_crs = models.CharField(_("来源坐标系"), max_length=20, blank=True)
    area_class = models.CharField(
        _("区域类别"), max_length=1, choices=AreaClass.choices, default=AreaClass.B, db_default=AreaClass.B
    )
    """Which limits hold here; the city's own, does not travel."""
    geom_3857 = models.GeneratedField(
        expression=Transform("geom", WEB_MERCATOR),
        output_field=models.PolygonField(srid=WEB_MERCATOR),
        db_persist=True,
    )

    objects = UnitGridQuerySet.as_manager()

    class Meta:
        verbose_name = _("单元网格")
        verbose_name_plural = _("单元网格")
        ordering = ["grid_code"]
        indexes = [GistIndex(fields=["geom_3857"], name="unit_grid_tile")]
        triggers = mark_triggers("JC04")

    def __str__(self) -> str:
        return self.name or self.grid_code

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A grid lies in the community whose 12 digits begin its code."""
        self.division_code = self.grid_code[:12]
        super().save(*args, **kwargs)
