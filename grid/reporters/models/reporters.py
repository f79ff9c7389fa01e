"""The person behind a report 反映人: kept in the city alone (scope C), closed in its columns, never exchanged."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cityops.accounts.scoping import ScopedQuerySet
from grid.models import Case

CLOSED = ("name", "phone", "email", "address")
"""The columns that are encrypted."""


class OfCaseQuerySet(ScopedQuerySet):
    """Whoever sees the case may come as far as the permission says."""

    division_field = "case__division_code"
    organisation_field = "case__duty_org"


class Reporter(models.Model):
    """反映人: name, telephone, e-mail and address of who reported a case, each encrypted; nothing else is collected."""

    case = models.OneToOneField(
        Case, verbose_name=_("案件"), on_delete=models.CASCADE, related_name="reporter", primary_key=True
    )
    name = models.BinaryField(_("姓名"), default=b"")
    phone = models.BinaryField(_("电话"), default=b"")
    email = models.BinaryField(_("邮箱"), default=b"")
    address = models.BinaryField(_("住址"), default=b"")
    phone_index = models.BinaryField(_("电话索引"), null=True, db_index=True)
    """HMAC of the digits: equal numbers have equal values; the number cannot be read back."""
    in_dispute = models.BooleanField(_("有争议"), default=False)
    """Kept beyond its time: a complaint, review or lawsuit is pending."""
    dispute_reason = models.CharField(_("争议说明"), max_length=200, blank=True)
    kept_at = models.DateTimeField(_("登记时间"), default=timezone.now)
    erased_at = models.DateTimeField(_("抹除时间"), null=True, blank=True)

    objects = OfCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("反映人")
        verbose_name_plural = _("反映人")

    def __str__(self) -> str:
        return str(self.case_id)

    def place(self, column: str) -> str:
        """Where a cipher text stands; it opens nowhere else."""
        return f"reporter:{self.case_id}:{column}"


class ReporterOpening(models.Model):
    """查看记录: who opened the record of a reporter, when, and why. Never changed, never deleted by the application."""

    reporter = models.ForeignKey(Reporter, verbose_name=_("反映人"), on_delete=models.CASCADE, related_name="openings")
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("查看人"), on_delete=models.PROTECT, related_name="+"
    )
    opened_at = models.DateTimeField(_("查看时间"), default=timezone.now)
    reason = models.CharField(_("原因"), max_length=200)

    class Meta:
        verbose_name = _("反映人查看记录")
        verbose_name_plural = _("反映人查看记录")
        ordering = ["-opened_at", "-id"]
        indexes = [models.Index(fields=["opened_by", "-opened_at"], name="reporter_opening_by")]
        triggers = [pgtrigger.Protect(name="reporter_opening_kept", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.opened_at:%F %T} {self.opened_by_id}"


class OpeningAlarm(models.Model):
    """查看超量: somebody opened unusually many records on one day."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("查看人"), on_delete=models.PROTECT, related_name="+"
    )
    day = models.DateField(_("日期"))
    openings = models.PositiveIntegerField(_("次数"))
    raised_at = models.DateTimeField(_("提醒时间"), default=timezone.now)

    class Meta:
        verbose_name = _("反映人查看超量提醒")
        verbose_name_plural = _("反映人查看超量提醒")
        ordering = ["-day", "-id"]
        constraints = [models.UniqueConstraint(fields=["person", "day"], name="opening_alarm_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.person_id}"
