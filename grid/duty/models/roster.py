"""Shifts 班次 and the roster 排班: who patrols which responsibility grid, when."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Func
from django.utils.translation import gettext_lazy as _

from cityops.accounts.models import User
from cityops.accounts.scoping import ScopedQuerySet
from grid.duty.models.areas import DutyGrid
from grid.duty.rules.shifts import Days, Hours


class Shift(models.Model):
    """班次: local times of a day on which it runs; one that ends at or before its start ends on the next day.

    Shifts hold for the whole city. A shift that is not used any more is retired; the roster keeps its hours.
    """

    class RunsOn(models.TextChoices):
        """On which days."""

        EVERY = Days.EVERY.value, _("每天")
        WORKDAYS = Days.WORKDAYS.value, _("工作日")
        WEEKDAYS = Days.WEEKDAYS.value, _("每周指定日")

    name = models.CharField(_("班次"), max_length=20, unique=True)
    starts_at = models.TimeField(_("开始"))
    ends_at = models.TimeField(_("结束"))
    days = models.CharField(_("适用日"), max_length=8, choices=RunsOn.choices, default=RunsOn.EVERY)
    weekdays = models.CharField(_("每周"), max_length=7, blank=True)
    """Digits 1 (Monday) to 7, where ``days`` says weekdays."""
    is_active = models.BooleanField(_("使用中"), default=True)

    class Meta:
        verbose_name = _("班次")
        verbose_name_plural = _("班次")
        ordering = ["starts_at", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def hours(self) -> Hours:
        """The shift as the rules take it."""
        return Hours(self.starts_at, self.ends_at, Days(self.days), self.weekdays)


class AssignmentQuerySet(ScopedQuerySet):
    """Entries of the roster are scoped by the division of their responsibility grid."""

    division_field = "duty_grid__division_code"


class _Range(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Assignment(models.Model):
    """排班: a supervisor patrols a responsibility grid in the shift of a day; a substitute stands in with a reason.

    The hours are those of the shift when it was planned: changing a shift changes no roster.
    """

    day = models.DateField(_("日期"))
    shift = models.ForeignKey(Shift, verbose_name=_("班次"), on_delete=models.PROTECT, related_name="assignments")
    duty_grid = models.ForeignKey(
        DutyGrid, verbose_name=_("责任网格"), on_delete=models.PROTECT, related_name="assignments"
    )
    supervisor = models.ForeignKey(
        User, verbose_name=_("监督员"), on_delete=models.PROTECT, related_name="duty_assignments"
    )
    substitute = models.ForeignKey(
        User,
        verbose_name=_("替班人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="duty_substitutions",
    )
    substitute_reason = models.CharField(_("替班原因"), max_length=200, blank=True)
    on_duty = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", editable=False)
    """Who really comes: the substitute where there is one."""
    starts_at = models.DateTimeField(_("开始"))
    ends_at = models.DateTimeField(_("结束"))
    created_at = models.DateTimeField(_("编排时间"), auto_now_add=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("排班")
        verbose_name_plural = _("排班")
        ordering = ["day", "starts_at", "duty_grid", "pk"]
        indexes = [
            models.Index(fields=["day", "duty_grid"], name="duty_assignment_day"),
            models.Index(fields=["starts_at", "ends_at"], name="duty_assignment_hours"),
        ]
        constraints = [
            ExclusionConstraint(
                name="duty_nobody_in_two_places",
                expressions=[
                    ("on_duty", RangeOperators.EQUAL),
                    (_Range("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="duty_assignment_has_hours"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.shift} {self.duty_grid}"
