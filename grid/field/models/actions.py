"""Actions made on a phone 现场操作: each taken once, with its answer and with what the phone claimed."""

from django.conf import settings
from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from cityops.accounts.models import User
from cityops.regions.models import CGCS2000
from grid.field.rules.envelopes import is_clock_off, is_late
from grid.models import Case, CaseMedia


class FieldActionQuerySet(models.QuerySet["FieldAction"]):
    """Words to ask for actions: they are their maker's alone."""

    def of(self, user: User) -> "FieldActionQuerySet":
        """The actions of a person."""
        return self.filter(user=user)

    def done(self) -> "FieldActionQuerySet":
        """Those that made a case or moved one."""
        return self.filter(outcome=FieldAction.Outcome.DONE)


class FieldAction(models.Model):
    """现场操作: one action of a phone; sent again under its id it is answered as the first time."""

    class Kind(models.TextChoices):
        """What was done; the names are those of the table of moves."""

        REPORT = "report", _("上报")
        SELF_HANDLE = "self_handle", _("自行处置")
        VERIFY_TRUE = "verify_true", _("核实属实")
        VERIFY_FALSE = "verify_false", _("核实不属实")
        PASS_CHECK = "pass_check", _("核查通过")
        FAIL_CHECK = "fail_check", _("核查不通过")
        SIGN = "sign", _("签收")
        FEED_BACK = "feed_back", _("处置反馈")
        APPLY_RETURN = "apply_return", _("申请回退")
        APPLY_DELAY = "apply_delay", _("申请延期")
        APPLY_SUSPENSION = "apply_suspension", _("申请缓办")
        WITHDRAW = "withdraw", _("撤回申请")
        ANSWER_SUPERVISION = "answer_supervision", _("督办答复")

    class Outcome(models.TextChoices):
        """What came of it."""

        DONE = "done", _("已办")
        REFUSED = "refused", _("被拒")
        CONFLICT = "conflict", _("冲突")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("操作人"), on_delete=models.PROTECT, related_name="field_actions"
    )
    action_id = models.UUIDField(_("操作标识"))
    """Given by the phone; one of its person only once."""
    kind = models.CharField(_("操作"), max_length=20, choices=Kind.choices)
    payload = models.JSONField(_("内容"), default=dict)
    """What was sent, as it was read; emptied when it has been kept long enough."""
    seen_step = models.PositiveSmallIntegerField(_("所见步骤"), null=True, blank=True)
    """Number of the case's last step when the phone saw it."""
    claimed_at = models.DateTimeField(_("操作时间(手机)"))
    received_at = models.DateTimeField(_("收到时间"))
    clock_ahead_seconds = models.IntegerField(_("手机时钟快(秒)"), null=True, blank=True)
    """How far the phone's clock was ahead of the server's when it sent; negative behind."""
    geom = models.PointField(_("操作位置(手机)"), srid=CGCS2000, null=True, blank=True)
    accuracy_m = models.PositiveIntegerField(_("定位精度(米)"), null=True, blank=True)
    distance_m = models.DecimalField(_("与案件坐标距离(米)"), max_digits=10, decimal_places=1, null=True, blank=True)
    outcome = models.CharField(_("结果"), max_length=8, choices=Outcome.choices)
    code = models.CharField(_("原因代码"), max_length=40, blank=True)
    reason = models.TextField(_("说明"), blank=True)
    case = models.ForeignKey(
        Case, verbose_name=_("案件"), null=True, blank=True, on_delete=models.SET_NULL, related_name="field_actions"
    )
    case_no = models.CharField(_("案件编号"), max_length=24, blank=True)
    step_seq = models.PositiveSmallIntegerField(_("步骤序号"), null=True, blank=True)
    photos = models.ManyToManyField(CaseMedia, verbose_name=_("照片"), related_name="field_actions", blank=True)
    """Photos that were sent with it; those of a refused action are kept as long as its content."""

    objects = FieldActionQuerySet.as_manager()

    class Meta:
        verbose_name = _("现场操作")
        verbose_name_plural = _("现场操作")
        ordering = ["-received_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["user", "action_id"], name="field_action_once")]
        indexes = [
            models.Index(fields=["user", "-received_at", "-id"], name="field_action_own"),
            models.Index(fields=["received_at"], name="field_action_old", condition=~models.Q(payload={})),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.case_no}"

    @property
    def is_late(self) -> bool:
        """Whether it waited long on the phone."""
        return is_late(self.claimed_at, self.received_at)

    @property
    def is_clock_off(self) -> bool:
        """Whether the phone's clock was so far off that its times mislead."""
        return is_clock_off(self.clock_ahead_seconds)
