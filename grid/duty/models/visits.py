"""Visits 巡查到访 and patrol plans 巡查计划."""

import datetime as dt
import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from cityops.accounts.models import User
from cityops.accounts.scoping import ScopedQuerySet
from grid.duty.rules.coverage import Span


class Visit(models.Model):
    """到访: somebody who collects was in a unit grid at a moment. No position, no track; it never leaves the city.

    Comes of itself from what is done for a case in its grid, or from a tap on the phone.
    """

    class Source(models.TextChoices):
        """What the visit is known from."""

        REPORT = "report", _("上报")
        VERIFY = "verify", _("核实")
        CHECK = "check", _("核查")
        SELF_HANDLE = "self_handle", _("自行处置")
        TAP = "tap", _("巡查到访")

    visit_id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    """Given by the phone, so that a visit sent twice is one."""
    visitor = models.ForeignKey(User, verbose_name=_("到访人"), on_delete=models.PROTECT, related_name="+", null=True)
    """Forgotten after ``CITYOPS_FIELD_DAYS``: the ground was seen, by whom nobody needs to know any more."""
    grid_code = models.CharField(_("单元网格"), max_length=15)
    division_code = models.CharField(_("社区代码"), max_length=12)
    at = models.DateTimeField(_("到访时间"))
    source = models.CharField(_("来源"), max_length=12, choices=Source.choices)
    step_id = models.BigIntegerField(null=True, blank=True, unique=True, editable=False)
    """The step of a case that it was made from."""

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("到访")
        verbose_name_plural = _("到访")
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["grid_code", "at"], name="duty_visit_grid"),
            models.Index(fields=["at"], name="duty_visit_at"),
        ]

    def __str__(self) -> str:
        return f"{self.grid_code} {self.at:%F %H:%M}"


class PatrolPlanQuerySet(ScopedQuerySet):
    """Words to ask for patrol plans."""

    def in_force(self, on: dt.date) -> Self:
        """Plans that hold on a day."""
        return self.filter(models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=on), valid_from__lte=on)


class PatrolPlan(models.Model):
    """巡查计划: these unit grids must be visited so often per shift, day or week."""

    class Per(models.TextChoices):
        """Within what the visits are counted."""

        SHIFT = Span.SHIFT.value, _("每班次")
        DAY = Span.DAY.value, _("每天")
        WEEK = Span.WEEK.value, _("每周")

    name = models.CharField(_("计划名称"), max_length=60)
    division_code = models.CharField(_("区划"), max_length=12, db_index=True)
    grid_codes = ArrayField(models.CharField(max_length=15), verbose_name=_("单元网格"))
    times = models.PositiveSmallIntegerField(
        _("次数"), default=1, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    per = models.CharField(_("周期"), max_length=5, choices=Per.choices, default=Per.SHIFT)
    valid_from = models.DateField(_("启用日期"))
    valid_to = models.DateField(_("停用日期"), null=True, blank=True)
    note = models.CharField(_("说明"), max_length=200, blank=True)

    objects = PatrolPlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("巡查计划")
        verbose_name_plural = _("巡查计划")
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name
