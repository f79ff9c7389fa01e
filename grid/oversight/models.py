"""Supervisions of a superior tier 督办任务 (JD01), and what the city did about them 任务签收反馈 (JD02)."""

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Left
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cityops.accounts.scoping import ScopedQuerySet
from cityops.foundation.records import ExchangedRecord, mark_triggers
from grid.models import Case


class TaskState(models.TextChoices):
    """督办状态 (CL_SUPSTATE)."""

    TO_SIGN = "01", _("待签收")
    TO_PASS_ON = "02", _("待转办")
    RUNNING = "03", _("办理中")
    TO_REVIEW = "04", _("待审核")
    SENT_BACK = "05", _("退回重办")
    DONE = "06", _("已办结")
    LATE = "07", _("超期")
    WITHDRAWN = "08", _("撤销")


OPEN = (TaskState.TO_SIGN, TaskState.RUNNING)
"""States in which the city still has to answer."""


class TaskQuerySet(ScopedQuerySet):
    """Words to ask for supervisions."""

    def issued_here(self) -> "TaskQuerySet":
        """Those of this node."""
        return self.filter(origin_code=settings.CITYOPS_NODE)

    def open(self) -> "TaskQuerySet":
        """Those that wait for an answer."""
        return self.filter(state__in=OPEN)

    def overdue(self) -> "TaskQuerySet":
        """Those that were not answered in time."""
        late = Q(state=TaskState.DONE, closed_at__gt=models.F("deadline"))
        return self.filter(Q(state__in=OPEN, deadline__lt=timezone.now()) | late)

    def done(self) -> "TaskQuerySet":
        """Those that were answered."""
        return self.filter(state=TaskState.DONE)


class SupervisionTask(ExchangedRecord):
    """督办任务 (JD01): what a superior asks a city about a case; for one node, withdrawn, never deleted."""

    class Type(models.TextChoices):
        """督办类型 (CL_SUPTYPE)."""

        KEY_WORK = "01", _("重点工作")
        CAMPAIGN = "02", _("专项行动")
        ONLINE = "03", _("联网监督问题")
        INSPECTION = "04", _("巡查问题")
        OPINION = "05", _("媒体舆情")
        EVALUATION = "06", _("评价整改")
        SAFETY = "07", _("安全隐患")

    task_no = models.CharField(_("督办任务号"), max_length=24)
    title = models.CharField(_("标题"), max_length=200)
    task_type = models.CharField(_("督办类型"), max_length=2, choices=Type.choices, default=Type.ONLINE)
    source_ref = models.CharField(_("案件号"), max_length=32, blank=True)
    issuer_node = models.CharField(_("发布节点"), max_length=12)
    content = models.TextField(_("督办意见"))
    metrics = models.JSONField(_("量化目标"), default=dict, blank=True)
    files = models.JSONField(_("附件"), default=list, blank=True)
    targets = models.JSONField(_("承办节点"))
    """The code of the one node that answers, in a list."""
    parent_no = models.CharField(_("上级任务号"), max_length=24, blank=True)
    sign_deadline = models.DateTimeField(_("签收截止"))
    feedback_cycle = models.CharField(_("反馈频次"), max_length=1, default="0")
    deadline = models.DateTimeField(_("要求答复时间"))
    urgency = models.CharField(_("紧急程度"), max_length=1, choices=Case.Urgency.choices)
    state = models.CharField(_("状态"), max_length=2, choices=TaskState.choices, default=TaskState.TO_SIGN)
    issued_at = models.DateTimeField(_("督办时间"))
    closed_at = models.DateTimeField(_("办结时间"), null=True, blank=True)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("督办人"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    """Stays at the issuer."""
    division_code = models.GeneratedField(
        expression=Left(KeyTextTransform(0, "targets"), 12),
        output_field=models.CharField(max_length=12),
        db_persist=True,
    )

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("督办任务")
        verbose_name_plural = _("督办任务")
        ordering = ["-issued_at", "-task_no"]
        constraints = [
            models.UniqueConstraint(fields=["origin_code", "task_no"], name="supervision_task_once"),
            models.UniqueConstraint(
                fields=["origin_code", "source_ref"], condition=Q(state__in=["01", "03"]), name="supervision_task_open"
            ),
        ]
        indexes = [models.Index(fields=["state", "deadline"], name="supervision_task_due")]
        triggers = mark_triggers("JD01")

    def __str__(self) -> str:
        return self.task_no

    @property
    def target(self) -> str:
        """The node that answers."""
        return str(self.targets[0])

    @property
    def is_open(self) -> bool:
        """Whether the city still has to answer."""
        return self.state in OPEN

    @property
    def is_overdue(self) -> bool:
        """Whether it is, or was, not answered in time."""
        return (self.closed_at or timezone.now()) > self.deadline


class ActionQuerySet(ScopedQuerySet):
    """Words to ask for what cities did."""

    division_field = "node_code"


class SupervisionAction(ExchangedRecord):
    """任务签收反馈 (JD02): one thing a city did about a supervision; written once."""

    class Action(models.TextChoices):
        """督办动作 (CL_SUPACTION)."""

        ISSUED = "01", _("下发")
        SIGNED = "02", _("签收")
        PASSED_ON = "03", _("转办")
        ANSWERED = "04", _("反馈")
        DELAY_ASKED = "05", _("申请延期")
        DELAY_GRANTED = "06", _("准予延期")
        URGED = "07", _("催办")
        SUBMITTED = "08", _("提交办结")
        APPROVED = "09", _("审核通过")
        SENT_BACK = "10", _("退回")
        CLOSED = "11", _("办结")
        WITHDRAWN = "12", _("撤销")
        NOTIFIED = "13", _("通报")

    action_id = models.CharField(_("动作号"), max_length=32, unique=True)
    task_no = models.CharField(_("督办任务号"), max_length=24)
    node_code = models.CharField(_("节点"), max_length=12)
    action = models.CharField(_("动作"), max_length=2, choices=Action.choices)
    progress = models.DecimalField(_("进度%"), max_digits=5, decimal_places=2, null=True, blank=True)
    content = models.TextField(_("说明"))
    evidence = models.JSONField(_("佐证"), default=list, blank=True)
    acted_at = models.DateTimeField(_("时间"))
    new_deadline = models.DateTimeField(_("新期限"), null=True, blank=True)
    review_opinion = models.TextField(_("审核意见"), blank=True)

    objects = ActionQuerySet.as_manager()

    class Meta:
        verbose_name = _("督办反馈")
        verbose_name_plural = _("督办反馈")
        ordering = ["acted_at", "action_id"]
        indexes = [models.Index(fields=["task_no"], name="supervision_action_task")]
        triggers = mark_triggers("JD02")

    def __str__(self) -> str:
        return f"{self.task_no} {self.get_action_display()}"
