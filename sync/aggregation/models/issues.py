"""Quality issues 数据质量问题单 (JH03), and what the node that has to mend them answered (JH05)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Left
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cityops.accounts.scoping import ScopedQuerySet
from cityops.foundation.records import ExchangedRecord, mark_triggers


class IssueState(models.TextChoices):
    """问题单状态 (CL_ISSUESTATE)."""

    OPEN = "1", _("待处理")
    ANSWERED = "2", _("已反馈")
    CLOSED = "3", _("已关闭")
    OBJECTED = "4", _("申辩")


OPEN = (IssueState.OPEN, IssueState.ANSWERED, IssueState.OBJECTED)
"""States in which an issue is not closed."""


class IssueQuerySet(ScopedQuerySet):
    """Words to ask for issues."""

    def raised_here(self) -> "IssueQuerySet":
        """Those of this node about others."""
        return self.filter(origin_code=settings.CITYOPS_NODE)

    def for_this_node(self) -> "IssueQuerySet":
        """Those that this node has to answer."""
        return self.filter(targets__0=settings.CITYOPS_NODE)

    def open(self) -> "IssueQuerySet":
        """Those that are not closed."""
        return self.filter(state__in=OPEN)

    def overdue(self) -> "IssueQuerySet":
        """Those that wait for an answer past their time."""
        return self.filter(state=IssueState.OPEN, fix_deadline__lt=timezone.now())


class QualityIssue(ExchangedRecord):
    """数据质量问题单 (JH03): what a superior tier found wrong with a node's records; for one node, never deleted."""

    class Severity(models.TextChoices):
        """严重度 (CL_SEVERITY)."""

        BLOCKING = "1", _("阻断")
        WARNING = "2", _("警告")
        HINT = "3", _("提示")

    class Cause(models.TextChoices):
        """来由 (CL_QCAUSE)."""

        RULE = "1", _("质量规则")
        PARKED = "2", _("暂存记录")

    issue_no = models.CharField(_("问题号"), max_length=24)
    node_code = models.CharField(_("责任节点"), max_length=12)
    targets = models.JSONField(_("接收节点"))
    """The code of the one node that answers, in a list."""
    dataset = models.CharField(_("数据集"), max_length=6)
    rule_code = models.CharField(_("规则"), max_length=10)
    """CL_QRULE."""
    cause = models.CharField(_("来由"), max_length=1, choices=Cause.choices)
    item_code = models.CharField(_("规则代码"), max_length=40)
    """Code of the rule, or of the reason for which records are parked."""
    title = models.CharField(_("问题"), max_length=200)
    remedy = models.CharField(_("改法"), max_length=500, blank=True)
    record_key = models.CharField(_("记录主键"), max_length=64, blank=True)
    """Of the one record that it is about; empty for several."""
    records = models.PositiveBigIntegerField(_("涉及记录"))
    examples = models.JSONField(_("示例"), default=list)
    """Up to EXAMPLES of them: rid, key, detail."""
    found_at = models.DateTimeField(_("发现时间"))
    severity = models.CharField(_("严重度"), max_length=1, choices=Severity.choices)
    state = models.CharField(_("状态"), max_length=1, choices=IssueState.choices, default=IssueState.OPEN)
    fix_deadline = models.DateTimeField(_("整改期限"))
    fixed_at = models.DateTimeField(_("整改时间"), null=True, blank=True)
    closed_at = models.DateTimeField(_("关闭时间"), null=True, blank=True)
    conclusion = models.CharField(_("结论"), max_length=500, blank=True)
    """Why it was closed, or sent back."""
    closed_by = models.CharField(_("关闭人"), max_length=150, blank=True)
    """Who accepted an answer; empty where it was closed by itself. Stays at the issuer."""
    division_code = models.GeneratedField(
        expression=Left(KeyTextTransform(0, "targets"), 12),
        output_field=models.CharField(max_length=12),
        db_persist=True,
    )

    objects = IssueQuerySet.as_manager()

    class Meta:
        verbose_name = _("数据质量问题单")
        verbose_name_plural = _("数据质量问题单")
        ordering = ["-found_at", "-issue_no"]
        constraints = [
            models.UniqueConstraint(fields=["origin_code", "issue_no"], name="quality_issue_once"),
            models.UniqueConstraint(
                fields=["origin_code", "node_code", "cause", "item_code", "dataset"],
                condition=~Q(state="3"),
                name="quality_issue_open",
            ),
        ]
        indexes = [models.Index(fields=["state", "fix_deadline"], name="quality_issue_due")]
        triggers = mark_triggers("JH03")

    def __str__(self) -> str:
        return self.issue_no

    @property
    def target(self) -> str:
        """The node that answers."""
        return str(self.targets[0])

    @property
    def is_open(self) -> bool:
        """Whether it is not closed."""
        return self.state in OPEN

    @property
    def is_overdue(self) -> bool:
        """Whether it waits for an answer past its time."""
        return self.state == IssueState.OPEN and timezone.now() > self.fix_deadline


class AnswerQuerySet(ScopedQuerySet):
    """Words to ask for answers."""

    division_field = "node_code"


class IssueAnswer(ExchangedRecord):
    """质量问题答复 (JH05): what a node says to an issue; written once."""

    class Kind(models.TextChoices):
        """答复类型 (CL_QANSWER)."""

        CORRECTED = "1", _("已更正")
        EXPLAINED = "2", _("情况说明")
        OBJECTED = "3", _("申辩")

    answer_id = models.CharField(_("答复号"), max_length=32, unique=True)
    issue_no = models.CharField(_("问题号"), max_length=24)
    issuer_node = models.CharField(_("问题来源节点"), max_length=14)
    node_code = models.CharField(_("责任节点"), max_length=12)
    answer = models.CharField(_("答复类型"), max_length=1, choices=Kind.choices)
    content = models.TextField(_("说明"))
    answered_at = models.DateTimeField(_("答复时间"))
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("答复人"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    """Stays at the node."""

    objects = AnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("质量问题答复")
        verbose_name_plural = _("质量问题答复")
        ordering = ["answered_at", "answer_id"]
        indexes = [models.Index(fields=["issue_no"], name="issue_answer_issue")]
        triggers = mark_triggers("JH05")

    def __str__(self) -> str:
        return f"{self.issue_no} {self.get_answer_display()}"
