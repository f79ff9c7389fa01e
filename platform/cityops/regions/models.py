"""Divisions 行政区划, one row per code and period of validity."""

import datetime as dt
from typing import Self

from django.contrib.gis.db import models
from django.contrib.gis.db.models.functions import Transform
from django.contrib.postgres.indexes import GistIndex
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cityops.foundation.records import ExchangedRecord, mark_triggers
from cityops.regions.rules import Level, scope_prefix, shown_code

CGCS2000 = 4490
"""EPSG code of the one coordinate system inside the platform."""
WEB_MERCATOR = 3857
"""EPSG code of map tiles."""
UNKNOWN_START = dt.date(1980, 1, 1)
"""``valid_from`` of a division whose beginning no source knows."""


def valid_sql(row: str, day: dt.date | None = None) -> str:
    """``valid_on`` in SQL over a row of divisions, for statements that are written by hand; today by default."""
    day = day or timezone.localdate()
    return f"({row}.valid_from <= date '{day:%Y-%m-%d}' AND coalesce({row}.valid_to, 'infinity') >= '{day:%Y-%m-%d}')"


class DivisionQuerySet(models.QuerySet["Division"]):
    """Words to ask for divisions."""

    def valid_on(self, day: dt.date) -> Self:
        """Divisions that were, are or will be valid on a day; ``valid_to`` is the last day."""
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=day), valid_from__lte=day)

    def current(self) -> Self:
        """Divisions that are valid today, in the time zone of this instance."""
        return self.valid_on(timezone.localdate())

    def retired(self) -> Self:
        """Divisions whose last day is over."""
        return self.filter(valid_to__lt=timezone.localdate())

    def inside(self, code: str, level: int) -> Self:
        """A division and everything under it."""
        return self.filter(code__startswith=scope_prefix(code, level))

    def visible_to(self, user: object) -> Self:
        """Every signed-in person may read the code list of divisions: it is public."""
        return self if getattr(user, "is_authenticated", False) else self.none()


class Division(ExchangedRecord):
    """行政区划 (JC01): a province, city, county, street or community, with its boundary where one is known."""

    class Levels(models.IntegerChoices):
        """行政级别 (CL_DIVLEVEL)."""

        NATION = Level.NATION.value, _("国家")
        PROVINCE = Level.PROVINCE.value, _("省级")
        CITY = Level.CITY.value, _("地级")
        COUNTY = Level.COUNTY.value, _("县级")
        STREET = Level.STREET.value, _("街道(乡镇)")
        COMMUNITY = Level.COMMUNITY.value, _("社区(村)")

    code = models.CharField(_("区划代码"), max_length=12, db_index=True)
    name = models.CharField(_("名称"), max_length=60)
    level = models.PositiveSmallIntegerField(_("级别"), choices=Levels.choices)
    parent_code = models.CharField(_("上级代码"), max_length=12, blank=True, db_index=True)
    full_name = models.CharField(_("全称"), max_length=200, blank=True)
    center = models.PointField(_("中心点"), srid=CGCS2000, null=True)
    boundary = models.MultiPolygonField(_("边界"), srid=CGCS2000, null=True)
    valid_from = models.DateField(_("启用日期"))
    valid_to = models.DateField(_("停用日期"), null=True, blank=True)
    successor_code = models.CharField(_("承继代码"), max_length=12, blank=True)
    source = models.CharField(_("数据来源"), max_length=200, blank=True)
    source_crs = models.CharField(_("来源坐标系"), max_length=20, blank=True)
    boundary_3857 = models.GeneratedField(
        expression=Transform("boundary", WEB_MERCATOR),
        output_field=models.MultiPolygonField(srid=WEB_MERCATOR, null=True),
        db_persist=True,
    )

    objects = DivisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("行政区划")
        verbose_name_plural = _("行政区划")
        ordering = ["code"]
        indexes = [GistIndex(fields=["boundary_3857"], name="division_tile")]
        constraints = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="division_code_from"),
            models.UniqueConstraint(fields=["code"], condition=Q(valid_to__isnull=True), name="division_code_current"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")), name="division_validity"
            ),
        ]
        triggers = mark_triggers("JC01")

    def __str__(self) -> str:
        return f"{self.name} {self.shown_code}"

    @property
    def shown_code(self) -> str:
        """The code as people read it: 2, 4, 6, 9 or 12 digits."""
        return shown_code(self.code, self.level)

    @property
    def prefix(self) -> str:
        """The digits that every code inside begins with."""
        return scope_prefix(self.code, self.level)

    @property
    def is_start_known(self) -> bool:
        """Whether a source tells when the code came into use; otherwise ``valid_from`` is a stand-in."""
        return self.valid_from != UNKNOWN_START

    @property
    def is_retired(self) -> bool:
        """Whether its last day is over."""
        return self.valid_to is not None and self.valid_to < timezone.localdate()

    @property
    def is_derived(self) -> bool:
        """Whether the outline was cut from a larger one and is no survey 示意界线."""
        return "derived:" in self.source
