"""Places 地点 with their names, addresses and points; reports of matched addresses."""

from typing import Any, Self

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cityops.accounts.scoping import ScopedQuerySet
from cityops.foundation.records import ExchangedRecord, mark_triggers
from cityops.regions.models import CGCS2000


class PlaceQuerySet(ScopedQuerySet):
    """Words to ask for places."""

    def in_force(self) -> Self:
        """Places that are not retired."""
        return self.filter(valid=Place.Valid.YES)


class Place(ExchangedRecord):
    """地点 (JC09): an administrative area, an estate, a street, a door number, a landmark, a point of interest.

    A name that is no longer used stays as a place of its own: retired, with ``historic_of`` naming what it is today.
    What searches go by (``names``, ``door``, ``search``) is made from name, alias and address and never travels.
    """

    class Type(models.TextChoices):
        """地点类别 (CL_PLACE)."""

        AREA = "01", _("行政区域")
        ESTATE = "02", _("地片与小区(片区)")
        STREET = "03", _("街巷")
        DOOR = "04", _("门(楼)牌")
        LANDMARK = "05", _("标志物")
        INTEREST = "06", _("兴趣点")

    class Valid(models.TextChoices):
        """有效 (CL_YN)."""

        YES = "1", _("有效")
        NO = "0", _("停用")

    place_id = models.CharField(_("地点标识"), max_length=20, unique=True)
    place_name = models.CharField(_("地点名称"), max_length=100, db_index=True)
    place_type = models.CharField(_("地点类别"), max_length=2, choices=Type.choices)
    std_address = models.CharField(_("标准地址"), max_length=300)
    alias = models.CharField(_("别名"), max_length=300, blank=True)
    geom = models.PointField(_("位置"), srid=CGCS2000)
    grid_code = models.CharField(_("单元网格"), max_length=15, db_index=True)
    division_code = models.CharField(_("社区代码"), max_length=12, db_index=True)
    valid = models.CharField(_("有效"), max_length=1, choices=Valid.choices, default=Valid.YES)
    valid_from = models.DateField(_("启用日期"), null=True, blank=True)
    valid_to = models.DateField(_("停用日期"), null=True, blank=True)
    source = models.CharField(_("数据来源"), max_length=60, blank=True)
    parent = models.ForeignKey(
        "self", verbose_name=_("上级地点"), null=True, blank=True, on_delete=models.SET_NULL, related_name="parts"
    )
    historic_of = models.ForeignKey(
        "self", verbose_name=_("现地点"), null=True, blank=True, on_delete=models.SET_NULL, related_name="former"
    )
    source_crs = models.CharField(_("来源坐标系"), max_length=20, blank=True)
    names = ArrayField(models.TextField(), default=list, editable=False)
    door = models.TextField(default="", blank=True, editable=False)
    search = models.TextField(default="", blank=True, editable=False)

    objects = PlaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("地点")
        verbose_name_plural = _("地点")
        ordering = ["place_id"]
        indexes = [
            GinIndex(fields=["search"], opclasses=["gin_trgm_ops"], name="place_search"),
            GinIndex(fields=["names"], name="place_names"),
            models.Index(fields=["door"], condition=~Q(door=""), name="place_door"),
        ]
        triggers = mark_triggers("JC09")

    def __str__(self) -> str:
        return self.place_name

    @property
    def point(self) -> tuple[float, float]:
        """Longitude and latitude in degrees (CGCS2000)."""
        return self.geom.x, self.geom.y

    @property
    def is_historical(self) -> bool:
        """Whether the name is out of use."""
        return self.valid == self.Valid.NO


class MatchReport(models.Model):
    """匹配报告: a batch of addresses that was matched, with the best candidate of each; the evidence of check D3."""

    division_code = models.CharField(_("范围"), max_length=12, db_index=True)
    title = models.CharField(_("文件"), max_length=200)
    made_at = models.DateTimeField(_("时间"), auto_now_add=True)
    made_by = models.CharField(_("操作人"), max_length=150, blank=True)
    total = models.PositiveIntegerField(_("地址数"))
    found = models.PositiveIntegerField(_("命中"))
    ambiguous = models.PositiveIntegerField(_("不唯一"))
    missing = models.PositiveIntegerField(_("未找到"))
    rows: Any = models.JSONField(default=list)
    """One entry per address in the order of the file: row, text, verdict, and of the best candidate place_id, name,
    address, score, reasons, longitude, latitude, grid_code."""

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("地址匹配报告")
        verbose_name_plural = _("地址匹配报告")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title
