"""What happens to components 部件台账: their history, the tasks to compare them with the ground, and their codes."""

from datetime import date
from typing import Self

import pgtrigger
from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.postgres.indexes import OpClass
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cityops.accounts.scoping import ScopedQuerySet
from cityops.regions.models import CGCS2000
from grid.models.components import Component


class ComponentChange(models.Model):
    """部件变更: one change of one component, with what it was before. Never changed, never deleted.

    ``before`` and ``after`` hold the fields that differ, as the column names of ``Component``; days as ISO text, a
    place as WKT in CGCS2000. The row of the creation holds neither. Local: the history stays with the owner.
    """

    class Kind(models.TextChoices):
        """变更类别."""

        CREATED = "created", _("建档")
        STATE = "state", _("状态变更")
        FIELDS = "fields", _("属性变更")
        MOVED = "moved", _("位置变更")
        CODE = "code", _("编码变更")
        IMPORTED = "imported", _("导入更新")

    component = models.ForeignKey(
        Component, on_delete=models.DO_NOTHING, db_constraint=False, related_name="changes", verbose_name=_("管理部件")
    )
    division_code = models.CharField(_("社区代码"), max_length=12)
    kind = models.CharField(_("变更类别"), max_length=8, choices=Kind.choices)
    at = models.DateTimeField(_("时间"))
    by_id = models.BigIntegerField(_("操作人编号"), null=True)
    by_name = models.CharField(_("操作人"), max_length=150)
    reason = models.CharField(_("原因"), max_length=200, blank=True)
    case_no = models.CharField(_("案件号"), max_length=24, blank=True)
    run = models.BigIntegerField(_("批次"), null=True)
    """The import (``imported``, ``created``) or the conversion (``code``) that did it; empty for a person's act."""
    before = models.JSONField(_("变更前"), null=True)
    after = models.JSONField(_("变更后"), null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("部件变更")
        verbose_name_plural = _("部件变更")
        ordering = ["-id"]
        triggers = [
            pgtrigger.Protect(name="change_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="change_no_truncate",
                operation=pgtrigger.Truncate,
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                func="RAISE EXCEPTION 'The history of components is append-only.';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.get_kind_display()}"


class ComponentCheckQuerySet(ScopedQuerySet):
    """Words to ask for checks."""

    def open(self) -> Self:
        """Checks that nobody settled yet."""
        return self.exclude(state=ComponentCheck.State.SETTLED)

    def overdue(self, on: date) -> Self:
        """Open checks whose due day lies before ``on``."""
        return self.open().filter(due_on__lt=on)


class ComponentCheck(models.Model):
    """部件核对任务: somebody saw that a component is not as the record says; somebody else settles which is right."""

    class Finding(models.TextChoices):
        """不符情况."""

        DIFFERS = "differs", _("属性不符")
        MISSING = "missing", _("现场没有")
        UNRECORDED = "unrecorded", _("台账没有")

    class State(models.TextChoices):
        """办理状态."""

        OPEN = "open", _("待分派")
        ASSIGNED = "assigned", _("核对中")
        SETTLED = "settled", _("已核对")

    class Outcome(models.TextChoices):
        """核对结果."""

        CORRECTED = "corrected", _("台账已更正")
        RIGHT = "right", _("台账无误")
        REMOVED = "removed", _("部件已移除")
        RECORDED = "recorded", _("已补录")

    component = models.ForeignKey(
        Component,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="checks",
        null=True,
        blank=True,
        verbose_name=_("管理部件"),
    )
    finding = models.CharField(_("不符情况"), max_length=10, choices=Finding.choices)
    seen = models.JSONField(_("现场所见"), default=dict, blank=True)
    """Field of the component → what is there on the ground; only for ``differs``."""
    description = models.CharField(_("说明"), max_length=500)
    case_no = models.CharField(_("来源案件"), max_length=24, blank=True, db_index=True)
    class_code = models.CharField(_("部件分类代码"), max_length=5, blank=True)
    geom = models.PointField(_("位置"), srid=CGCS2000, spatial_index=False)
    grid_code = models.CharField(_("单元网格"), max_length=15, blank=True)
    division_code = models.CharField(_("社区代码"), max_length=12, db_index=True)
    state = models.CharField(_("办理状态"), max_length=8, choices=State.choices, default=State.OPEN)
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("提出人")
    )
    raised_at = models.DateTimeField(_("提出时间"), default=timezone.now)
    due_on = models.DateField(_("核对期限"))
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, verbose_name=_("核对人")
    )
    assigned_at = models.DateTimeField(_("分派时间"), null=True)
    outcome = models.CharField(_("核对结果"), max_length=10, choices=Outcome.choices, blank=True)
    opinion = models.CharField(_("核对意见"), max_length=500, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, verbose_name=_("办结人")
    )
    settled_at = models.DateTimeField(_("办结时间"), null=True)

    objects = ComponentCheckQuerySet.as_manager()

    class Meta:
        verbose_name = _("部件核对任务")
        verbose_name_plural = _("部件核对任务")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["component", "finding"],
                condition=~models.Q(state="settled"),
                name="component_check_once",
            ),
            models.CheckConstraint(
                name="component_check_outcome",
                condition=models.Q(state="settled", settled_at__isnull=False) & ~models.Q(outcome="")
                | ~models.Q(state="settled") & models.Q(outcome=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_finding_display()} {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether nobody settled it yet."""
        return self.state != self.State.SETTLED

    @property
    def is_overdue(self) -> bool:
        """Whether it is open past its day."""
        return self.is_open and self.due_on < timezone.localdate()


class CodeConversion(models.Model):
    """编码换版批次: codes of one class standard were mapped to another, or it was tried what that would do.

    A run is one transaction: nothing of it is stored unless its state is ``done``.
    """

    class State(models.TextChoices):
        """状态."""

        RUNNING = "running", _("进行中")
        DONE = "done", _("完成")
        DRY_RUN = "dry_run", _("试算")
        BROKEN = "broken", _("中断")

    from_std = models.CharField(_("原标准"), max_length=20)
    to_std = models.CharField(_("新标准"), max_length=20)
    kinds = models.JSONField(_("对象"), default=list)
    division_code = models.CharField(_("区划"), max_length=12, db_index=True)
    choices = models.JSONField(_("指定对应"), default=dict)
    """What was chosen where the dictionary leaves it open: kind → class code → class code."""
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.RUNNING)
    started_at = models.DateTimeField(_("开始"), default=timezone.now)
    ended_at = models.DateTimeField(_("结束"), null=True)
    started_by = models.CharField(_("操作人"), max_length=150)
    totals = models.JSONField(_("合计"), default=dict)
    lines = models.JSONField(_("逐类结果"), default=list)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("编码换版批次")
        verbose_name_plural = _("编码换版批次")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.from_std} → {self.to_std}"


class CodeAlias(models.Model):
    """曾用编码: a code that a component, a case, a matter or a class had by another standard; never used again.

    ``subject`` is the record (``rid``) of a component or a case; empty where the code itself is meant, as for the
    matter codes and classes of cases that keep the standard they were filed under.
    """

    class Kind(models.TextChoices):
        """对象."""

        COMPONENT = "component", _("管理部件")
        CASE = "case", _("案件")
        MATTER = "matter", _("事项")
        CLASS = "class", _("分类")

    kind = models.CharField(_("对象"), max_length=9, choices=Kind.choices)
    class_kind = models.CharField(_("类别"), max_length=1, blank=True)
    """``1`` component or ``2`` matter, where ``kind`` is ``class`` or ``case``."""
    subject = models.UUIDField(_("记录"), null=True)
    old = models.CharField(_("原编码"), max_length=17)
    new = models.CharField(_("新编码"), max_length=17)
    std_ref = models.CharField(_("原标准"), max_length=20)
    """The standard of ``old``."""
    new_std_ref = models.CharField(_("新标准"), max_length=20)
    former = models.JSONField(default=dict)
    """Further columns of a case as they were, so that a conversion back restores them."""
    converted_at = models.DateTimeField(_("换版时间"))
    run = models.ForeignKey(CodeConversion, on_delete=models.PROTECT, related_name="aliases", verbose_name=_("批次"))

    class Meta:
        verbose_name = _("曾用编码")
        verbose_name_plural = _("曾用编码")
        ordering = ["id"]
        indexes = [
            models.Index(OpClass(F("old"), "varchar_pattern_ops"), F("kind"), name="code_alias_old"),
            models.Index(fields=["new", "kind"], name="code_alias_new"),
            models.Index(fields=["subject"], name="code_alias_subject", condition=models.Q(subject__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.old} → {self.new}"
