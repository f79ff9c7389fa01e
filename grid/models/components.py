"""Managed components 管理部件."""

from django.contrib.gis.db import models
from django.contrib.gis.db.models.functions import Transform
from django.contrib.postgres.indexes import GistIndex
from django.utils.translation import gettext_lazy as _

from cityops.accounts.scoping import ScopedQuerySet
from cityops.foundation.records import ExchangedRecord, mark_triggers
from cityops.regions.models import CGCS2000, WEB_MERCATOR


class Component(ExchangedRecord):
    """管理部件 (JC07): a manhole cover, a lamp, a tree; 17 digits (GB/T 47678.5-2026) or 16 (GB/T 30428.2, CJ/T 214).

    The length of the code does not tell the standard; ``std_ref`` does.
    """

    class State(models.TextChoices):
        """部件状态 (CL_COMPSTATE)."""

        INTACT = "01", _("完好")
        DAMAGED = "02", _("破损")
        LOST = "03", _("丢失")
        ABANDONED = "04", _("废弃")
        REMOVED = "05", _("移除")
        OCCUPIED = "06", _("占用(仅旧数据)")

    obj_id = models.CharField(_("管理部件标识码"), max_length=17, unique=True)
    obj_name = models.CharField(_("管理部件名称"), max_length=30)
    dept_code1 = models.CharField(_("主管部门代码"), max_length=18)
    dept_name1 = models.CharField(_("主管部门名称"), max_length=100)
    dept_code2 = models.CharField(_("权属单位代码"), max_length=18, blank=True)
    dept_name2 = models.CharField(_("权属单位名称"), max_length=100, blank=True)
    dept_code3 = models.CharField(_("养护单位代码"), max_length=18, blank=True)
    dept_name3 = models.CharField(_("养护单位名称"), max_length=100, blank=True)
    grid_code = models.CharField(_("所在单元网格标识码"), max_length=15, db_index=True)
    division_code = models.CharField(_("社区代码"), max_length=12, db_index=True)
    state = models.CharField(_("管理部件状态"), max_length=10, choices=State.choices, default=State.INTACT)
    init_date = models.DateField(_("初始日期"))
    change_date = models.DateField(_("变更日期"), null=True, blank=True)
    data_source = models.CharField(_("数据来源"), max_length=30, blank=True)
    note = models.CharField(_("备注"), max_length=1000, blank=True)
    street_code = models.CharField(_("所在街道代码"), max_length=9, blank=True)
    street_name = models.CharField(_("所在街道名称"), max_length=50, blank=True)
    community_name = models.CharField(_("所在社区名称"), max_length=50, blank=True)
    class_code = models.CharField(_("部件分类代码"), max_length=5)
    std_ref = models.CharField(_("分类标准版本"), max_length=20)
    geom = models.GeometryField(_("位置"), srid=CGCS2000)
    precision_class = models.CharField(_("定位精度等级"), max_length=1, blank=True)
    extra = models.JSONField(_("扩展属性"), default=dict, blank=True)
    source_crs = models.CharField(_("来源坐标系"), max_length=20, blank=True)
    geom_3857 = models.GeneratedField(
        expression=Transform("geom", WEB_MERCATOR),
        output_field=models.GeometryField(srid=WEB_MERCATOR),
        db_persist=True,
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("管理部件")
        verbose_name_plural = _("管理部件")
        ordering = ["obj_id"]
        indexes = [
            models.Index(fields=["std_ref", "class_code"]),
            GistIndex(fields=["geom_3857"], name="component_tile"),
        ]
        triggers = mark_triggers("JC07")

    def __str__(self) -> str:
        return f"{self.obj_name} {self.obj_id}"
