"""What the loop keeps beside the case: its definition, and the ledgers 台账 of applications, supervision and tasks."""

from typing import Self

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cityops.accounts.scoping import ScopedQuerySet
from grid.models.cases import Case


class WorkflowVersion(models.Model):
    """流程版本: one version of how the loop runs here; a case stays on the version it was filed under."""

    class State(models.TextChoices):
        """A draft is rehearsed, then activated; the former active version is retired and kept."""

        DRAFT = "draft", _("草稿")
        ACTIVE = "active", _("启用")
        RETIRED = "retired", _("停用")

    code = models.CharField(_("版本代码"), max_length=40, unique=True)
    title = models.CharField(_("名称"), max_length=100)
    definition = models.JSONField(_("定义"), default=dict)
    """What differs from the shipped definition (``grid.rules.workflow``)."""
    source = models.CharField(_("依据"), max_length=200, blank=True)
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.DRAFT)
    created_at = models.DateTimeField(_("建立时间"), auto_now_add=True)
    activated_at = models.DateTimeField(_("启用时间"), null=True, blank=True)
    rehearsed_at = models.DateTimeField(_("预演时间"), null=True, blank=True)
    """When it was last replayed against the cases of the past; asked for before it may be activated."""
    rehearsal = models.JSONField(_("预演结果"), default=dict, blank=True)

    class Meta:
        verbose_name = _("流程版本")
        verbose_name_plural = _("流程版本")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="active"), name="workflow_version_one_active")
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.code}"


class OfCaseQuerySet(ScopedQuerySet):
    """Words to ask for what belongs to a case: whoever sees the case sees it."""

    division_field = "case__division_code"
    organisation_field = "case__duty_org"


class CaseApplicationQuerySet(OfCaseQuerySet):
    """Words to ask for applications."""

    def waiting(self) -> Self:
        """Those that nobody has decided."""
        return self.filter(state=CaseApplication.State.PENDING)


class CaseApplication(models.Model):
    """申请台账: an application for return, delay, suspension, void or appeal, and what was decided (§4.2)."""

    class Kind(models.TextChoices):
        """What is applied for."""

        RETURN = "return", _("回退")
        DELAY = "delay", _("延期")
        SUSPENSION = "suspension", _("挂账(缓办)")
        VOID = "void", _("作废")
        APPEAL = "appeal", _("超时申诉")

    class State(models.TextChoices):
        """Where the application stands."""

        PENDING = "pending", _("待审批")
        APPROVED = "approved", _("同意")
        REFUSED = "refused", _("不同意")
        WITHDRAWN = "withdrawn", _("撤回")
        DROPPED = "dropped", _("失效")

    case = models.ForeignKey(Case, verbose_name=_("案件"), on_delete=models.CASCADE, related_name="applications")
    kind = models.CharField(_("申请类型"), max_length=10, choices=Kind.choices)
    reason_code = models.CharField(_("原因"), max_length=20, blank=True)
    reason = models.TextField(_("理由"))
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("申请人"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    applied_org = models.CharField(_("申请单位"), max_length=18, blank=True)
    applied_at = models.DateTimeField(_("申请时间"))
    from_state = models.CharField(_("申请时状态"), max_length=2, choices=Case.State.choices)
    until = models.DateField(_("缓办至"), null=True, blank=True)
    due_at = models.DateTimeField(_("审批截止"), null=True, blank=True)
    level = models.PositiveSmallIntegerField(_("已通过级数"), default=0)
    state = models.CharField(_("结果"), max_length=10, choices=State.choices, default=State.PENDING)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("审批人"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_org = models.CharField(_("审批单位"), max_length=18, blank=True)
    decided_at = models.DateTimeField(_("审批时间"), null=True, blank=True)
    opinion = models.TextField(_("审批意见"), blank=True)
    old_deadline = models.DateTimeField(_("原处置截止"), null=True, blank=True)
    new_deadline = models.DateTimeField(_("新处置截止"), null=True, blank=True)
    ended_at = models.DateTimeField(_("缓办结束"), null=True, blank=True)
    """When a suspension was lifted."""

    objects = CaseApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("申请台账")
        verbose_name_plural = _("申请台账")
        ordering = ["-applied_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(state="pending"), name="case_application_one_waiting")
        ]
        indexes = [models.Index(fields=["kind", "-applied_at"], name="case_application_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.case_id}"


class CaseSupervisionQuerySet(OfCaseQuerySet):
    """Words to ask for supervisions."""

    def open(self) -> Self:
        """Those that wait for an answer."""
        return self.filter(answered_at__isnull=True, withdrawn_at__isnull=True)


class CaseSupervision(models.Model):
    """督办: a leader or a superior tier asks about a case; the department must answer in time."""

    class Source(models.TextChoices):
        """Who supervises."""

        LOCAL = "local", _("本级督办")
        SUPERIOR = "superior", _("上级督办")

    case = models.ForeignKey(Case, verbose_name=_("案件"), on_delete=models.CASCADE, related_name="supervisions")
    source = models.CharField(_("来源"), max_length=8, choices=Source.choices, default=Source.LOCAL)
    task_no = models.CharField(_("督办任务号"), max_length=24, blank=True)
    opinion = models.TextField(_("督办意见"))
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("督办人"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    issued_node = models.CharField(_("督办节点"), max_length=14, blank=True)
    issued_at = models.DateTimeField(_("督办时间"))
    due_at = models.DateTimeField(_("要求答复时间"))
    answer = models.TextField(_("答复"), blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("答复人"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(_("答复时间"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)
    """When the superior took it back; it then waits for no answer."""

    objects = CaseSupervisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("督办")
        verbose_name_plural = _("督办")
        ordering = ["-issued_at", "-pk"]
        indexes = [models.Index(fields=["due_at"], name="case_supervision_open", condition=Q(answered_at__isnull=True))]

    @property
    def is_answered(self) -> bool:
        """Whether the department has answered."""
        return self.answered_at is not None

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.answered_at is None and self.withdrawn_at is None


class CaseTaskQuerySet(OfCaseQuerySet):
    """Words to ask for tasks on the street."""

    def open(self) -> Self:
        """Tasks that nobody has done."""
        return self.filter(done_at__isnull=True)


class CaseTask(models.Model):
    """核实/核查任务: a collector is to look at a place, before filing (verify) or before closing (check)."""

    class Kind(models.TextChoices):
        """Nationally 核实 is before filing, 核查 before closing."""

        VERIFY = "verify", _("核实")
        CHECK = "check", _("核查")

    case = models.ForeignKey(Case, verbose_name=_("案件"), on_delete=models.CASCADE, related_name="tasks")
    kind = models.CharField(_("任务类型"), max_length=6, choices=Kind.choices)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("采集员"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="case_tasks",
    )
    """None: whoever is near may take it."""
    sent_at = models.DateTimeField(_("下发时间"))
    due_at = models.DateTimeField(_("截止时间"), null=True, blank=True)
    done_at = models.DateTimeField(_("完成时间"), null=True, blank=True)
    result = models.CharField(_("结果"), max_length=12, blank=True)
    """The action it ended with; ``dropped`` where the case went another way."""

    objects = CaseTaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("核实核查任务")
        verbose_name_plural = _("核实核查任务")
        ordering = [F("due_at").asc(nulls_last=True), "pk"]
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(done_at__isnull=True), name="case_task_one_open")
        ]
        indexes = [
            models.Index(fields=["assignee", "due_at"], name="case_task_open", condition=Q(done_at__isnull=True))
        ]
