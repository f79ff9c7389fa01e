"""Quality rules of this node, runs of them, what they found, and the scores they gave."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cityops.accounts.scoping import ScopedQuerySet


class RuleVersion(models.Model):
    """质量规则版本: a rule as this node changed or added it; written once, the newest version holds."""

    code = models.CharField(_("规则代码"), max_length=20)
    version = models.PositiveIntegerField(_("版本"))
    document = models.JSONField(_("内容"))
    """The rule as ``sync.aggregation.rules.rulebook`` reads it."""
    reason = models.CharField(_("原因"), max_length=300, blank=True)
    changed_by = models.CharField(_("修改人"), max_length=150)
    changed_at = models.DateTimeField(_("修改时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("质量规则版本")
        verbose_name_plural = _("质量规则版本")
        ordering = ["code", "-version"]
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="aggregation_rule_version_once")]
        triggers = [pgtrigger.Protect(name="written_once", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


class QualityRun(models.Model):
    """质量检查: one run of the rules, done in slices, so that it goes on where it was cut off."""

    class Kind(models.TextChoices):
        """What it looks at."""

        WHOLE = "whole", _("全量")
        CHANGES = "changes", _("增量")

    class State(models.TextChoices):
        """How far it is."""

        RUNNING = "running", _("进行中")
        DONE = "done", pgettext_lazy("质量检查", "完成")

    kind = models.CharField(_("范围"), max_length=7, choices=Kind.choices)
    state = models.CharField(_("状态"), max_length=7, choices=State.choices, default=State.RUNNING)
    datasets = models.JSONField(_("数据集"), default=list)
    """Those it is narrowed to; empty for all."""
    todo = models.JSONField(default=list)
    """Codes of the rules that are still to run."""
    totals = models.JSONField(default=dict)
    """Dataset → node → records, counted once a run."""
    statements = models.PositiveIntegerField(_("语句数"), default=0)
    faults = models.JSONField(_("错误"), default=dict)
    """Rule → why it could not run."""
    started_by = models.CharField(_("发起人"), max_length=150)
    started_at = models.DateTimeField(_("开始时间"), auto_now_add=True)
    finished_at = models.DateTimeField(_("结束时间"), null=True)

    class Meta:
        verbose_name = _("质量检查")
        verbose_name_plural = _("质量检查")
        ordering = ["-started_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="running"), name="aggregation_run_one_open")
        ]


class LookedAt(models.Model):
    """已检查: up to which number of a stream the rules have looked at what arrived."""

    stream = models.OneToOneField("exchange.Stream", on_delete=models.CASCADE, primary_key=True, related_name="+")
    epoch_no = models.PositiveIntegerField()
    seq = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = _("已检查的序号")
        verbose_name_plural = _("已检查的序号")


class SeenQuerySet(ScopedQuerySet):
    """Rows about what a node sent: a person sees those of nodes inside the own division."""

    division_field = "owner_code"


class RuleResult(models.Model):
    """规则结果: how a rule stands for one node: records looked at, broken ones."""

    rule_code = models.CharField(_("规则代码"), max_length=20)
    owner_code = models.CharField(_("归属节点"), max_length=14)
    dataset = models.CharField(_("数据集"), max_length=6)
    clause = models.CharField(_("质量规则"), max_length=2)
    severity = models.CharField(_("严重度"), max_length=1)
    by_record = models.BooleanField(default=True)
    checked = models.PositiveBigIntegerField(_("检查记录"), default=0)
    broken = models.PositiveBigIntegerField(_("不合格"), default=0)
    """Exact after a whole run, also where fewer findings are kept."""
    ran_at = models.DateTimeField(_("检查时间"))

    objects = SeenQuerySet.as_manager()

    class Meta:
        verbose_name = _("规则结果")
        verbose_name_plural = _("规则结果")
        constraints = [models.UniqueConstraint(fields=["rule_code", "owner_code"], name="aggregation_result_once")]
        indexes = [models.Index(fields=["owner_code", "dataset"], name="aggregation_result_of")]


class FindingQuerySet(SeenQuerySet):
    """Words to ask for findings."""

    def open(self) -> "FindingQuerySet":
        """Those that are still so."""
        return self.filter(gone_at__isnull=True)


class QualityFinding(models.Model):
    """质量问题明细: one record, or one group of records, that breaks a rule."""

    rule_code = models.CharField(_("规则代码"), max_length=20)
    owner_code = models.CharField(_("归属节点"), max_length=14)
    dataset = models.CharField(_("数据集"), max_length=6)
    subject = models.CharField(max_length=120)
    """What is found, once for each rule and node: the record, or the day, month or object."""
    rid = models.UUIDField(_("记录标识"), null=True, default=None)
    record_key = models.CharField(_("记录主键"), max_length=64, blank=True)
    detail = models.CharField(_("情况"), max_length=300)
    found_at = models.DateTimeField(_("发现时间"))
    seen_at = models.DateTimeField(_("最近确认"))
    gone_at = models.DateTimeField(_("消除时间"), null=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = _("质量问题明细")
        verbose_name_plural = _("质量问题明细")
        ordering = ["-found_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["rule_code", "owner_code", "subject"], name="aggregation_finding_once")
        ]
        indexes = [
            models.Index(fields=["rid"], name="aggregation_finding_rid"),
            models.Index(
                fields=["owner_code", "dataset"], name="aggregation_finding_open", condition=Q(gone_at__isnull=True)
            ),
        ]


class QualityScore(models.Model):
    """数据质量得分: the score of one dataset of one node on a day."""

    owner_code = models.CharField(_("归属节点"), max_length=14)
    dataset = models.CharField(_("数据集"), max_length=6)
    day = models.DateField(_("日期"))
    records = models.PositiveBigIntegerField(_("记录数"))
    broken = models.PositiveBigIntegerField(_("不合格"))
    """Findings over all rules; a record that breaks two counts twice."""
    parked = models.PositiveBigIntegerField(_("暂存"))
    score = models.DecimalField(_("得分"), max_digits=5, decimal_places=2)
    clauses = models.JSONField(_("分类得分"), default=dict)
    """Q1 to Q9 → score, those that were looked at."""
    scored_at = models.DateTimeField(_("评分时间"))

    objects = SeenQuerySet.as_manager()

    class Meta:
        verbose_name = _("数据质量得分")
        verbose_name_plural = _("数据质量得分")
        ordering = ["-day", "owner_code", "dataset"]
        constraints = [models.UniqueConstraint(fields=["owner_code", "dataset", "day"], name="aggregation_score_once")]
