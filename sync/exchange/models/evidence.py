"""Evidence kept at both ends: receipts, comparisons, and requests to send a record again."""

from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from sync.exchange.models.links import Link


class Receipt(models.Model):
    """回执: signed by the receiver, kept by receiver and sender."""

    stream = models.ForeignKey("exchange.Stream", on_delete=models.PROTECT, related_name="receipts")
    receiver_code = models.CharField(_("接收节点"), max_length=14)
    epoch_no = models.PositiveIntegerField()
    from_seq = models.PositiveBigIntegerField(_("起始序号"))
    upto_seq = models.PositiveBigIntegerField(_("截止序号"))
    applied = models.PositiveIntegerField(_("入库"))
    superseded = models.PositiveIntegerField(_("已被更新"))
    parked = models.JSONField(_("暂存"), default=list)
    text = models.BinaryField()
    """The receipt as it was signed (JSON)."""
    kid = models.CharField(_("密钥标识"), max_length=32)
    signature = models.BinaryField()
    made_at = models.DateTimeField(_("时间"))
    delivered_at = models.DateTimeField(null=True)
    """When a receipt of ours for something pulled reached the parent."""

    class Meta:
        db_table = "sync_receipt"
        verbose_name = _("回执")
        ordering = ["-made_at", "-id"]
        indexes = [
            models.Index(fields=["stream", "-made_at"], name="sync_receipt_parked", condition=~models.Q(parked=[]))
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["stream", "receiver_code", "epoch_no", "upto_seq"], name="sync_receipt_once"
            ),
        ]


class ComparisonQuerySet(models.QuerySet["Comparison"]):
    """Words to ask for comparisons."""

    def visible_to(self, user: Any) -> Self:
        """Comparisons of owners inside the person's division; of what came from above, those with the peers seen."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        peers = Link.objects.visible_to(user).values("peer_code")
        return self.filter(
            models.Q(owner_code__startswith=user.scope_prefix) | models.Q(flow="down", peer_code__in=peers)
        )


class Comparison(models.Model):
    """对账: the two ends of a link compared record by record digest, for one owner and dataset."""

    class Result(models.TextChoices):
        """What was seen."""

        EQUAL = "equal", _("一致")
        PENDING = "pending", _("有在途记录")
        DIFFERENT = "different", _("有差异")

    peer_code = models.CharField(_("对端节点"), max_length=14)
    owner_code = models.CharField(_("归属节点"), max_length=14)
    dataset = models.CharField(_("数据集"), max_length=6)
    flow = models.CharField(max_length=4)
    result = models.CharField(_("结果"), max_length=9, choices=Result.choices)
    records = models.PositiveBigIntegerField(_("记录数"))
    differing = models.PositiveBigIntegerField(_("差异"), default=0)
    missing = models.PositiveBigIntegerField(_("缺少"), default=0)
    orphans = models.PositiveBigIntegerField(_("多余"), default=0)
    in_flight = models.PositiveBigIntegerField(_("在途"), default=0)
    blobs_missing = models.PositiveBigIntegerField(_("待传附件"), default=0, db_default=0)
    examples = models.JSONField(default=list)
    found = models.JSONField(_("差异清单"), default=dict, db_default={})
    """Records that differ, by what it means (missing, differing, orphans), the first of each."""
    deleted = models.PositiveBigIntegerField(_("已删除"), default=0, db_default=0)
    digest = models.CharField(_("摘要"), max_length=64, blank=True)
    seq = models.PositiveBigIntegerField(default=0)
    peer_records = models.PositiveBigIntegerField(_("对端记录数"), null=True)
    peer_digest = models.CharField(_("对端摘要"), max_length=64, blank=True, default="", db_default="")
    statement = models.TextField(_("对账单"), blank=True, default="", db_default="")
    """The text that both ends signed (JSON, as it was signed); empty for a comparison made before there were any."""
    child_kid = models.CharField(_("下级密钥"), max_length=32, blank=True, default="", db_default="")
    child_signature = models.BinaryField(null=True)
    parent_kid = models.CharField(_("上级密钥"), max_length=32, blank=True, default="", db_default="")
    parent_signature = models.BinaryField(null=True)
    at = models.DateTimeField(_("时间"))

    objects = ComparisonQuerySet.as_manager()

    class Meta:
        db_table = "sync_comparison"
        verbose_name = _("对账")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["peer_code", "owner_code", "dataset", "-at"], name="sync_comparison_last")]

    def __str__(self) -> str:
        return f"{self.owner_code} {self.dataset}"


class ResendRequest(models.Model):
    """补发请求: a record that a peer holds differently, on its way to the owner, who sends it again."""

    owner_code = models.CharField(max_length=14)
    dataset = models.CharField(max_length=6)
    rid = models.UUIDField()
    asked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "sync_resend"
        constraints = [models.UniqueConstraint(fields=["owner_code", "dataset", "rid"], name="sync_resend_once")]
