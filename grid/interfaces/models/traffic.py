"""What goes out to partners and what comes in from them: webhooks, calls, notices."""

import secrets

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cityops.accounts.models import User
from cityops.accounts.scoping import ScopedQuerySet
from grid.interfaces.models.partners import Partner
from grid.models import Case


def new_message_id() -> str:
    """The id of a message, the same at every attempt."""
    return f"msg_{secrets.token_hex(12)}"


class OfPartnerQuerySet(ScopedQuerySet):
    """Words to ask for what belongs to a partner: whoever sees the partner sees it."""

    division_field = "partner__division_code"


class WebhookDelivery(models.Model):
    """推送: one event for one partner; sent by webhook, or kept for it to ask for."""

    class State(models.TextChoices):
        """How far it is."""

        KEPT = "kept", _("待取")
        WAITING = "waiting", _("待推送")
        DELIVERED = "delivered", _("已送达")
        FAILED = "failed", _("未送达")

    msg_id = models.CharField(_("消息标识"), max_length=40, unique=True, default=new_message_id)
    partner = models.ForeignKey(
        Partner, verbose_name=_("对接系统"), on_delete=models.CASCADE, related_name="deliveries"
    )
    case = models.ForeignKey(Case, verbose_name=_("案件"), null=True, on_delete=models.CASCADE, related_name="+")
    seq = models.PositiveIntegerField(_("案件内序号"), default=0)
    """Number of the step within the case; later ones wait for earlier ones."""
    type = models.CharField(_("事件"), max_length=20)
    payload = models.JSONField(_("内容"))
    """What is signed and sent; pictures are put in when it is sent."""
    state = models.CharField(_("状态"), max_length=9, choices=State.choices)
    created_at = models.DateTimeField(_("产生时间"))
    attempts = models.PositiveSmallIntegerField(_("次数"), default=0)
    next_try_at = models.DateTimeField(_("下次推送"), null=True, blank=True)
    status = models.PositiveSmallIntegerField(_("应答码"), null=True, blank=True)
    answer = models.CharField(_("应答"), max_length=500, blank=True)
    """The beginning of the last answer, or what went wrong."""
    delivered_at = models.DateTimeField(_("送达时间"), null=True, blank=True)

    objects = OfPartnerQuerySet.as_manager()

    class Meta:
        db_table = "interfaces_webhookdelivery"
        verbose_name = _("推送")
        verbose_name_plural = _("推送")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["partner", "id"], name="webhook_partner"),
            models.Index(fields=["partner", "next_try_at"], name="webhook_waiting", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return self.msg_id


class PartnerCall(models.Model):
    """来件: one webhook that a partner sent, known again by its id, with the answer it got."""

    partner = models.ForeignKey(Partner, verbose_name=_("对接系统"), on_delete=models.CASCADE, related_name="calls")
    msg_id = models.CharField(_("消息标识"), max_length=64)
    sent_at = models.DateTimeField(_("发送时间"))
    """Of the latest attempt; an older one is a replay."""
    sha = models.BinaryField()
    """SHA-256 of the body."""
    type = models.CharField(_("事件"), max_length=40)
    case = models.ForeignKey(Case, verbose_name=_("案件"), null=True, on_delete=models.SET_NULL, related_name="+")
    was_done = models.BooleanField(_("已执行"), default=False)
    """False where it was news only, or could not be done here."""
    answer = models.JSONField(_("应答"))
    received_at = models.DateTimeField(_("收到时间"), auto_now_add=True)

    objects = OfPartnerQuerySet.as_manager()

    class Meta:
        db_table = "interfaces_partnercall"
        verbose_name = _("来件")
        verbose_name_plural = _("来件")
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["partner", "msg_id"], name="partner_call_once")]

    def __str__(self) -> str:
        return self.msg_id


class PartnerNotice(models.Model):
    """通知: a text for a partner, which signs that it has read it."""

    partner = models.ForeignKey(Partner, verbose_name=_("对接系统"), on_delete=models.CASCADE, related_name="notices")
    title = models.CharField(_("标题"), max_length=100)
    text = models.TextField(_("内容"))
    issued_by = models.ForeignKey(
        User, verbose_name=_("发布人"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    issued_at = models.DateTimeField(_("发布时间"))
    signed_at = models.DateTimeField(_("签收时间"), null=True, blank=True)
    signed_by = models.CharField(_("签收人"), max_length=60, blank=True)

    objects = OfPartnerQuerySet.as_manager()

    class Meta:
        db_table = "interfaces_partnernotice"
        verbose_name = _("通知")
        verbose_name_plural = _("通知")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.title
