"""What desks keep: saved views, exports in the background, and how a person uses the keys."""

import uuid
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SavedViewQuerySet(models.QuerySet[Any]):
    """Words to ask for saved views."""

    def visible_to(self, user: Any) -> Self:
        """The person's own, and those that somebody of the own region, or one under it, shared with the post."""
        shared = Q(is_shared=True, owner__scope_prefix__startswith=user.scope_prefix)
        return self.filter(Q(owner=user) | shared)

    def workable_by(self, user: Any) -> Self:
        """The person's own."""
        return self.filter(owner=user)


class SavedView(models.Model):
    """常用视图: filters of a desk or of the case list under a name."""

    LIST = "cases"
    """``desk`` of a view of the case list."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("所有者"), on_delete=models.CASCADE, related_name="saved_views"
    )
    desk = models.CharField(_("工作台"), max_length=20)
    name = models.CharField(_("名称"), max_length=40)
    query = models.CharField(_("筛选条件"), max_length=1000, blank=True)
    """As it stands in the address."""
    is_shared = models.BooleanField(_("同岗位共享"), default=False)
    is_default = models.BooleanField(_("默认"), default=False)
    created_at = models.DateTimeField(_("创建时间"), auto_now_add=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("常用视图")
        verbose_name_plural = _("常用视图")
        ordering = ["desk", "name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "desk", "name"], name="desks_view_name"),
            models.UniqueConstraint(fields=["owner", "desk"], condition=Q(is_default=True), name="desks_view_default"),
        ]

    def __str__(self) -> str:
        return self.name


class CaseExportQuerySet(models.QuerySet[Any]):
    """Words to ask for exports."""

    def visible_to(self, user: Any) -> Self:
        """The person's own; nobody fetches what another one ordered."""
        return self.filter(owner=user)

    workable_by = visible_to

    def under_way(self) -> Self:
        """Those that wait or are being written."""
        return self.filter(state__in=(CaseExport.State.WAITING, CaseExport.State.RUNNING))


class CaseExport(models.Model):
    """后台导出: a workbook of cases that a worker writes."""

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", _("排队中")
        RUNNING = "running", _("导出中")
        DONE = "done", _("已完成")
        FAILED = "failed", _("失败")
        EXPIRED = "expired", _("已过期")

    export_id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("导出人"), on_delete=models.CASCADE, related_name="case_exports"
    )
    desk = models.CharField(_("工作台"), max_length=20)
    """Key of a desk, or ``cases``."""
    query = models.CharField(_("筛选条件"), max_length=1000, blank=True)
    language = models.CharField(_("语言"), max_length=10, blank=True)
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.WAITING)
    rows_total = models.PositiveIntegerField(_("总行数"), default=0)
    rows_done = models.PositiveIntegerField(_("已写行数"), default=0)
    message = models.TextField(_("说明"), blank=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    ordered_at = models.DateTimeField(_("提交时间"), auto_now_add=True)
    beat_at = models.DateTimeField(_("最近进展"), null=True, blank=True)
    """When the worker last said that it is at it."""
    ended_at = models.DateTimeField(_("完成时间"), null=True, blank=True)

    objects = CaseExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("后台导出")
        verbose_name_plural = _("后台导出")
        ordering = ["-ordered_at", "-export_id"]
        indexes = [
            models.Index(
                fields=["ordered_at"], name="desks_export_open", condition=Q(state__in=("waiting", "running"))
            ),
            models.Index(fields=["owner", "-ordered_at"], name="desks_export_owner"),
        ]

    def __str__(self) -> str:
        return str(self.export_id)

    @property
    def is_under_way(self) -> bool:
        """Whether it waits or is being written."""
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def percent(self) -> int:
        """How far it is, 0 to 100."""
        if self.state == self.State.DONE:
            return 100
        return min(99, self.rows_done * 100 // self.rows_total) if self.rows_total else 0

    @property
    def file_name(self) -> str:
        """The name that the file is downloaded under."""
        return f"{self.desk}-{self.ordered_at:%Y%m%d-%H%M%S}.xlsx"


class DeskHabit(models.Model):
    """How a person uses the desks."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name=_("人员"), primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    keys_off = models.BooleanField(_("关闭单键快捷键"), default=False)

    class Meta:
        verbose_name = _("使用习惯")
        verbose_name_plural = _("使用习惯")
