"""Tables of the roads: bundles made and taken, batches that wait for an earlier one."""

from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from sync.exchange.models import Link


class BundleQuerySet(models.QuerySet["Bundle"]):
    """Words to ask for bundles."""

    def made(self) -> Self:
        """Those that this node made."""
        return self.filter(direction=Bundle.Direction.OUT)

    def visible_to(self, user: Any) -> Self:
        """Bundles of the links that a person may see."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        return self.filter(peer_code__in=Link.objects.visible_to(user).values("peer_code"))


class Bundle(models.Model):
    """数据包: batches, receipts and keys for one peer, signed and numbered, on a road without an answer."""

    class Direction(models.TextChoices):
        """Which way it goes."""

        OUT = "out", _("导出")
        IN = "in", _("导入")

    peer_code = models.CharField(_("对端节点"), max_length=14)
    direction = models.CharField(_("方向"), max_length=3, choices=Direction.choices)
    number = models.PositiveBigIntegerField(_("包序号"))
    sha = models.CharField(_("摘要"), max_length=64)
    size = models.PositiveBigIntegerField(_("字节"))
    batches = models.PositiveIntegerField(_("批次"), default=0)
    records = models.PositiveBigIntegerField(_("记录数"), default=0)
    receipts = models.PositiveIntegerField(_("回执"), default=0)
    waiting = models.PositiveIntegerField(_("等待"), default=0)
    """Batches of it that waited for an earlier one when it was taken."""
    places = models.JSONField(default=dict)
    """Of a bundle that was made: stream → last number that any bundle for the peer holds so far."""
    last_receipt = models.PositiveBigIntegerField(default=0)
    file_name = models.CharField(_("文件"), max_length=100, blank=True)
    by = models.CharField(_("经办人"), max_length=150)
    at = models.DateTimeField(_("时间"), auto_now_add=True)

    objects = BundleQuerySet.as_manager()

    class Meta:
        db_table = "road_bundle"
        verbose_name = _("数据包")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["peer_code", "direction", "number", "sha"], name="road_bundle_once")
        ]

    def __str__(self) -> str:
        return f"{self.peer_code} {self.direction} {self.number}"


class Standing(models.Model):
    """对端位置: where a peer last said to stand in the streams that this node hands to it."""

    peer_code = models.CharField(_("对端节点"), max_length=14, primary_key=True)
    places = models.JSONField(default=dict)
    at = models.DateTimeField(_("时间"), auto_now=True)

    class Meta:
        db_table = "road_standing"
        verbose_name = _("对端位置")

    def __str__(self) -> str:
        return self.peer_code


class WaitingBatch(models.Model):
    """等待的批次: verified, but the one before it in its stream is not here yet."""

    peer_code = models.CharField(_("对端节点"), max_length=14)
    producer_code = models.CharField(_("生产节点"), max_length=14)
    flow = models.CharField(max_length=4)
    scope = models.CharField(max_length=1)
    lane = models.CharField(max_length=6)
    audience = models.CharField(max_length=14, blank=True, default="")
    epoch_id = models.UUIDField()
    from_seq = models.PositiveBigIntegerField(_("起始序号"))
    to_seq = models.PositiveBigIntegerField(_("截止序号"))
    packed = models.BinaryField()
    at = models.DateTimeField(_("时间"), auto_now_add=True)

    class Meta:
        db_table = "road_waiting"
        verbose_name = _("等待的批次")
        ordering = ["from_seq", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["producer_code", "flow", "scope", "lane", "audience", "epoch_id", "from_seq"],
                name="road_waiting_once",
            )
        ]
