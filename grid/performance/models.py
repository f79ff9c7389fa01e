"""What is kept of performance: formula sets, frozen results with corrections and objections, reports, the rollup."""

from typing import Any, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models.functions import Left, RPad
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cityops.accounts.scoping import ScopedQuerySet
from cityops.foundation.records import ExchangedRecord, mark_triggers

KEY_LENGTH = 20


class TargetKind(models.TextChoices):
    """评价对象类型 (CL_PERFTARGET); a person is none."""

    AREA = "1", _("区域")
    DEPARTMENT = "2", _("部门")
    POST = "3", _("岗位")


class StoredFormulas(models.Model):
    """公式集: one version of a formula set that an operator loaded; never changed afterwards, results name it."""

    code = models.CharField(_("代码"), max_length=16)
    version = models.CharField(_("版本"), max_length=16)
    title = models.CharField(_("名称"), max_length=100)
    document = models.JSONField(_("内容"))
    digest = models.CharField(_("摘要"), max_length=64)
    is_default = models.BooleanField(_("默认"), default=False)
    loaded_at = models.DateTimeField(_("载入时间"), default=timezone.now)
    loaded_by = models.CharField(_("载入人"), max_length=150)

    class Meta:
        verbose_name = _("公式集")
        verbose_name_plural = _("公式集")
        ordering = ["code", "version"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="performance_formulas_once"),
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="performance_formulas_one_default"
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def key(self) -> str:
        """Code and version."""
        return f"{self.code}-{self.version}"


class SnapshotQuerySet(models.QuerySet[Any]):
    """Words to ask for snapshots."""

    def visible_to(self, user: Any) -> Self:
        """Those with a row that the person may see."""
        return self.filter(pk__in=SnapshotRow.objects.visible_to(user).values("snapshot"))


class PerformanceSnapshot(models.Model):
    """绩效快照: the results of a period as they were frozen; later changes of cases never alter it."""

    period = models.CharField(_("统计期"), max_length=10)
    target = models.CharField(_("评价对象类型"), max_length=1, choices=TargetKind.choices)
    formula_key = models.CharField(_("公式集"), max_length=KEY_LENGTH)
    formulas = models.JSONField(_("公式"))
    """The set as it was, so that the frozen figures stay explained."""
    division_code = models.CharField(_("区划"), max_length=12)
    digest = models.CharField(_("输入摘要"), max_length=64)
    """SHA-256 over the counts of all objects."""
    frozen_at = models.DateTimeField(_("冻结时间"), default=timezone.now)
    frozen_by = models.CharField(_("冻结人"), max_length=150)

    objects = SnapshotQuerySet.as_manager()

    class Meta:
        verbose_name = _("绩效快照")
        verbose_name_plural = _("绩效快照")
        ordering = ["-frozen_at", "target", "formula_key"]
        constraints = [
            models.UniqueConstraint(fields=["period", "target", "formula_key"], name="performance_snapshot_once")
        ]
        triggers = [pgtrigger.Protect(name="frozen", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.period} {self.get_target_display()} {self.formula_key}"


class RowQuerySet(ScopedQuerySet):
    """Rows by division, and by department for who is bound to one."""

    organisation_field = "org_code"


class SnapshotRow(models.Model):
    """One object of a snapshot: counts, values, score and grade."""

    snapshot = models.ForeignKey(PerformanceSnapshot, on_delete=models.PROTECT, related_name="rows")
    target_code = models.CharField(_("对象代码"), max_length=20)
    name = models.CharField(_("对象"), max_length=150)
    division_code = models.CharField(_("区划"), max_length=12)
    org_code = models.CharField(_("部门"), max_length=18, blank=True)
    counts = models.JSONField(_("基数"))
    values = models.JSONField(_("指标值"))
    score = models.DecimalField(_("综合分"), max_digits=6, decimal_places=2, null=True)
    grade = models.CharField(_("等级"), max_length=1, blank=True)
    covered = models.DecimalField(_("有数据的权重"), max_digits=5, decimal_places=2)

    objects = RowQuerySet.as_manager()

    class Meta:
        verbose_name = _("绩效快照对象")
        verbose_name_plural = _("绩效快照对象")
        ordering = ["snapshot", "target_code"]
        constraints = [
            models.UniqueConstraint(fields=["snapshot", "target_code"], name="performance_snapshot_row_once")
        ]
        triggers = [pgtrigger.Protect(name="frozen", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.name} {self.score}"


class CorrectionRecord(models.Model):
    """更正记录: a frozen result was computed again and came out differently; what, old, new, why, who, when."""

    row = models.ForeignKey(SnapshotRow, on_delete=models.PROTECT, related_name="corrections")
    old = models.JSONField(_("更正前"))
    new = models.JSONField(_("更正后"))
    reason = models.TextField(_("原因"))
    corrected_by = models.CharField(_("更正人"), max_length=150)
    corrected_at = models.DateTimeField(_("更正时间"), default=timezone.now)

    class Meta:
        verbose_name = _("更正记录")
        verbose_name_plural = _("更正记录")
        ordering = ["-corrected_at", "-pk"]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]


class Objection(models.Model):
    """异议: a department objects to one number of its frozen result, and gets an answer."""

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", _("待答复")
        ACCEPTED = "accepted", _("成立")
        REFUSED = "refused", _("不成立")

    row = models.ForeignKey(SnapshotRow, on_delete=models.PROTECT, related_name="objections")
    count_code = models.CharField(_("基数"), max_length=40)
    reason = models.TextField(_("理由"))
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField(_("提出时间"), default=timezone.now)
    state = models.CharField(_("结果"), max_length=8, choices=State.choices, default=State.WAITING)
    answer = models.TextField(_("答复"), blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(_("答复时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("异议")
        verbose_name_plural = _("异议")
        ordering = ["-raised_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["row", "count_code"],
                condition=models.Q(state="waiting"),
                name="performance_objection_one_waiting",
            )
        ]


class ResultQuerySet(ScopedQuerySet):
    """Results; who is bound to a department sees its own only."""

    def visible_to(self, user: Any) -> Self:
        """The results inside the own division, for a bound role those of the own department."""
        found = super().visible_to(user)
        if getattr(user, "is_authenticated", False) and user.is_bound_to_organisation:
            return found.filter(target_type=TargetKind.DEPARTMENT, target_code__in=user.organisation_codes)
        return found


class ReportQuerySet(ScopedQuerySet):
    """Reports; they tell of all departments, so who is bound to one sees none."""

    def visible_to(self, user: Any) -> Self:
        """The reports inside the own division."""
        found = super().visible_to(user)
        if getattr(user, "is_authenticated", False) and user.is_bound_to_organisation:
            return found.none()
        return found


class PerformanceResult(ExchangedRecord):
    """绩效评价结果 (GL05): score and grade of an area, a department or a post by month, quarter or year."""

    class Cycle(models.TextChoices):
        """周期 (CL_PERIOD), those that GL05 knows."""

        MONTH = "M", _("月")
        QUARTER = "Q", _("季")
        YEAR = "Y", _("年")

    period = models.CharField(_("周期"), max_length=1, choices=Cycle.choices)
    period_code = models.CharField(_("周期值"), max_length=8)
    target_type = models.CharField(_("评价对象类型"), max_length=1, choices=TargetKind.choices)
    target_code = models.CharField(_("对象代码"), max_length=20)
    metrics = models.JSONField(_("分项值"))
    score = models.DecimalField(_("综合分"), max_digits=6, decimal_places=2)
    grade = models.CharField(_("等级"), max_length=1)
    formula_version = models.CharField(_("公式版本"), max_length=KEY_LENGTH)
    computed_at = models.DateTimeField(_("计算时间"))
    division_code = models.GeneratedField(
        expression=models.Case(
            models.When(target_type="1", then=RPad("target_code", 12, models.Value("0"))),
            default=Left("origin_code", 12),
            output_field=models.CharField(max_length=12),
        ),
        output_field=models.CharField(max_length=12),
        db_persist=True,
    )
    """Where the object is; does not travel, every tier reads it from the object and the owner."""

    objects = ResultQuerySet.as_manager()

    class Meta:
        verbose_name = _("绩效评价结果")
        verbose_name_plural = _("绩效评价结果")
        ordering = ["-period_code", "target_type", "origin_code", "target_code"]
        constraints = [
            models.UniqueConstraint(
                fields=["origin_code", "period_code", "target_type", "target_code", "formula_version"],
                name="performance_result_once",
            )
        ]
        triggers = mark_triggers("GL05")


class AnalysisReport(models.Model):
    """月度分析报告: a report of a period, made in the background as docx and PDF."""

    class State(models.TextChoices):
        """Where its making stands."""

        WAITING = "waiting", _("等待")
        RUNNING = "running", _("生成中")
        DONE = "done", _("完成")
        FAILED = "failed", _("失败")

    period = models.CharField(_("统计期"), max_length=10)
    division_code = models.CharField(_("区划"), max_length=12)
    formula_key = models.CharField(_("公式集"), max_length=KEY_LENGTH)
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.WAITING)
    progress = models.PositiveSmallIntegerField(_("进度"), default=0)
    message = models.TextField(_("说明"), blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("提交时间"), default=timezone.now)
    ended_at = models.DateTimeField(_("完成时间"), null=True, blank=True)
    files = models.JSONField(_("文件"), default=dict, blank=True)
    """Format → SHA-256 of the stored file."""

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("分析报告")
        verbose_name_plural = _("分析报告")
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.period} {self.division_code}"


class DailyCountQuerySet(ScopedQuerySet):
    """Rollup rows by street, and by department for who is bound to one."""

    organisation_field = "duty_org"


class DailyCount(models.Model):
    """日汇总: the counts of GL04 by day, street, kind, department, major class and source; local, made again at will.

    What dashboards read. The sum over department, class and source is the daily statistic.
    """

    origin_code = models.CharField(max_length=14)
    division_code = models.CharField(_("区划"), max_length=12)
    stat_date = models.DateField(_("统计日"))
    kind = models.CharField(_("类别"), max_length=1)
    duty_org = models.CharField(_("处置责任单位"), max_length=18, blank=True)
    class_major = models.CharField(_("大类"), max_length=2)
    source = models.CharField(_("问题来源"), max_length=2)
    report_num = models.PositiveIntegerField(_("上报数"))
    valid_report_num = models.PositiveIntegerField(_("有效上报数"))
    accept_num = models.PositiveIntegerField(_("受理数"))
    register_num = models.PositiveIntegerField(_("立案数"))
    dispatch_num = models.PositiveIntegerField(_("派遣数"))
    need_dispose_num = models.PositiveIntegerField(_("应处置数"))
    dispose_num = models.PositiveIntegerField(_("处置数"))
    intime_dispose_num = models.PositiveIntegerField(_("按期处置数"))
    overtime_to_dispose_num = models.PositiveIntegerField(_("超期未处置数"))
    need_close_num = models.PositiveIntegerField(_("应结案数"))
    close_num = models.PositiveIntegerField(_("结案数"))
    intime_close_num = models.PositiveIntegerField(_("按期结案数"))
    rework_num = models.PositiveIntegerField(_("返工数"))
    postpone_num = models.PositiveIntegerField(_("延期数"))
    hang_num = models.PositiveIntegerField(_("缓办数"))
    void_num = models.PositiveIntegerField(_("作废数"))

    objects = DailyCountQuerySet.as_manager()

    class Meta:
        verbose_name = _("日汇总")
        verbose_name_plural = _("日汇总")
        ordering = ["-stat_date", "division_code"]
        constraints = [
            models.UniqueConstraint(
                fields=["stat_date", "division_code", "kind", "duty_org", "class_major", "source", "origin_code"],
                name="performance_daily_count_once",
            )
        ]


class RollupMark(models.Model):
    """How far the rollup has followed the changes of the cases; one row."""

    followed_to = models.DateTimeField(_("已汇总到"))
