"""What a recovery leaves behind: versions learned from others, evidence on its way to its owner, conflicts, reports."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from sync.exchange.models.streams import Stream


class SeenVersion(models.Model):
    """见过的版本: a version of an own record that others proved; history of this node that a restore took away."""

    rid = models.UUIDField()
    rec_epoch = models.PositiveIntegerField()
    rev = models.PositiveBigIntegerField()
    content_sha = models.BinaryField()
    seen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "sync_seen"
        verbose_name = _("见过的版本")
        constraints = [
            models.UniqueConstraint(fields=["rid", "rec_epoch", "rev", "content_sha"], name="sync_seen_once")
        ]


class Claim(models.Model):
    """异议: a node stands somewhere in a stream where this relay cannot follow; told to the producer, who can judge."""

    stream_name = models.CharField(max_length=60)
    producer_code = models.CharField(max_length=14, db_index=True)
    holder_code = models.CharField(max_length=14)
    position = models.JSONField()
    """The position as the holder told it."""
    told_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "sync_claim"
        constraints = [models.UniqueConstraint(fields=["stream_name", "holder_code"], name="sync_claim_once")]


class EchoEvidence(models.Model):
    """回声证据: a batch as its producer signed it, brought back to it by way of this relay."""

    owner_code = models.CharField(max_length=14)
    digest = models.CharField(max_length=64)
    """SHA-256 of the packed batch."""
    packed = models.BinaryField()
    kept_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "sync_echo_batch"
        constraints = [models.UniqueConstraint(fields=["owner_code", "digest"], name="sync_echo_batch_once")]


class EchoItem(models.Model):
    """回声: a version that a further node holds of an owner's record, kept by a relay until the owner has taken it."""

    owner_code = models.CharField(max_length=14)
    holder_code = models.CharField(max_length=14)
    facts = models.JSONField()
    """The item as ``rules.echoes.Item``, without its batch."""
    rid = models.UUIDField()
    number = models.CharField(max_length=100)
    """The version, so that each is kept once."""
    evidence = models.ForeignKey(EchoEvidence, on_delete=models.CASCADE, related_name="items")
    taken_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sync_echo_item"
        constraints = [
            models.UniqueConstraint(fields=["owner_code", "rid", "number"], name="sync_echo_item_once"),
        ]
        indexes = [
            models.Index(fields=["owner_code", "id"], name="sync_echo_waiting", condition=models.Q(taken_at=None))
        ]


class ConflictQuerySet(models.QuerySet["Conflict"]):
    """Words to ask for conflicts."""

    def open(self) -> Self:
        """Those nobody has decided."""
        return self.filter(state=Conflict.State.OPEN)

    def visible_to(self, user: Any) -> Self:
        """Those about records of this node, for people who see the whole of it; of parts only those inside them."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        if settings.CITYOPS_REGION.startswith(user.scope_prefix):
            return self
        return self.filter(division_code__startswith=user.scope_prefix)


class Conflict(models.Model):
    """版本冲突: two versions of one own record without a common line; both are kept until a person decides."""

    class State(models.TextChoices):
        """状态 of a conflict."""

        OPEN = "open", _("待裁定")
        RESOLVED = "resolved", _("已裁定")

    class Cause(models.TextChoices):
        """How it came about."""

        FORK = "fork", _("恢复后两端各有修改")
        TAKEN = "taken", _("编号已被其他记录占用")

    class Decision(models.TextChoices):
        """What a person decided."""

        KEEP = "keep", _("保留本节点版本")
        TAKE = "take", _("采用对端版本")

    rid = models.UUIDField(_("记录标识"), db_index=True)
    dataset = models.CharField(_("数据集"), max_length=6)
    division_code = models.CharField(_("区划"), max_length=12, blank=True)
    holder_code = models.CharField(_("对端节点"), max_length=14)
    cause = models.CharField(_("成因"), max_length=8, choices=Cause.choices)
    kept = models.JSONField(_("本节点版本"), default=dict)
    """Version and fields that stay in effect until the decision."""
    other = models.JSONField(_("对端版本"), default=dict)
    """Version and fields that the peer held."""
    line = models.TextField()
    children = models.JSONField(default=dict)
    """The other version as it stood in its batch (COPY text), so that it can be taken."""
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.OPEN)
    found_at = models.DateTimeField(_("发现时间"), auto_now_add=True)
    decision = models.CharField(_("裁定"), max_length=4, choices=Decision.choices, blank=True)
    reason = models.CharField(_("理由"), max_length=300, blank=True)
    decided_by = models.CharField(_("裁定人"), max_length=150, blank=True)
    decided_at = models.DateTimeField(_("裁定时间"), null=True)

    objects = ConflictQuerySet.as_manager()

    class Meta:
        db_table = "sync_conflict"
        verbose_name = _("版本冲突")
        ordering = ["-found_at", "-id"]
        indexes = [models.Index(fields=["state", "-found_at"], name="sync_conflict_open")]

    def __str__(self) -> str:
        return f"{self.dataset} {self.rid}"


class RecoveryReport(models.Model):
    """恢复报告: what one recovery of a stream found and did."""

    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="recoveries")
    peer_code = models.CharField(_("对端节点"), max_length=14)
    epoch_no = models.PositiveIntegerField(_("纪元"))
    cause = models.CharField(_("成因"), max_length=300)
    looked_at = models.PositiveBigIntegerField(_("核对"), default=0)
    adopted = models.PositiveBigIntegerField(_("取回"), default=0)
    forks = models.PositiveBigIntegerField(_("冲突"), default=0)
    begun_at = models.DateTimeField(_("开始时间"), auto_now_add=True)
    ended_at = models.DateTimeField(_("结束时间"), null=True)

    class Meta:
        db_table = "sync_recovery"
        verbose_name = _("恢复报告")
        ordering = ["-begun_at", "-id"]
