"""Import runs 导入: what was read, what was taken, and why the rest was not."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from cityops.accounts.scoping import ScopedQuerySet


class ImportRun(models.Model):
    """导入批次: one file read into grids, components, local classes, cases or places.

    Nothing of a run is stored unless its state is ``done``: an import is one transaction.
    """

    class Kind(models.TextChoices):
        """类别: what a file holds."""

        GRIDS = "grids", _("单元网格")
        COMPONENTS = "components", _("管理部件")
        MATTERS = "matters", _("市扩展分类")
        CASES = "cases", _("历史案件")
        PLACES = "places", _("地点")

    class State(models.TextChoices):
        """状态."""

        WAITING = "waiting", _("等待")
        RUNNING = "running", _("进行中")
        DONE = "done", _("完成")
        REFUSED = "refused", _("退回")
        DRY_RUN = "dry_run", _("试运行")

    kind = models.CharField(_("类别"), max_length=12, choices=Kind.choices)
    division_code = models.CharField(_("导入范围"), max_length=12, db_index=True)
    file_name = models.CharField(_("文件"), max_length=200)
    file_sha = models.CharField(max_length=64, blank=True)
    options = models.JSONField(_("选项"), default=dict)
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.RUNNING)
    started_at = models.DateTimeField(_("开始"), auto_now_add=True)
    ended_at = models.DateTimeField(_("结束"), null=True)
    rows_read = models.PositiveIntegerField(_("读取行数"), default=0)
    rows_taken = models.PositiveIntegerField(_("导入行数"), default=0)
    rows_refused = models.PositiveIntegerField(_("退回行数"), default=0)
    refusal = models.TextField(_("退回原因"), blank=True)
    summary = models.JSONField(_("摘要"), default=dict)
    started_by = models.CharField(_("操作人"), max_length=150, blank=True)
    actor = models.JSONField(default=dict, editable=False)
    """Who began it, from where: the trail names the same whoever carries it out."""
    scope_prefix = models.CharField(max_length=12, blank=True, default="", editable=False)
    """What the division codes of its rows must begin with; empty for the whole city."""

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("导入批次")
        verbose_name_plural = _("导入批次")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.file_name}"

    @property
    def is_under_way(self) -> bool:
        """True while a worker has it or will take it."""
        return self.state in {self.State.WAITING, self.State.RUNNING}


class ImportIssue(models.Model):
    """导入问题: one row's fault, with the place and the remedy; not fatal where the row was taken all the same."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="issues")
    row_no = models.PositiveIntegerField(_("行号"))
    key = models.CharField(_("编号"), max_length=40, blank=True)
    field = models.CharField(_("字段"), max_length=60, blank=True)
    code = models.CharField(_("规则"), max_length=30)
    is_fatal = models.BooleanField(_("退回"), default=True)
    message = models.TextField(_("说明"))
    remedy = models.TextField(_("处理办法"), blank=True)

    class Meta:
        verbose_name = _("导入问题")
        verbose_name_plural = _("导入问题")
        ordering = ["row_no", "id"]
