"""Streams, their sealed batches, and what became of every entry."""

from typing import Any, Self

import msgspec
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sync.exchange.models.marks import is_sha256


class StreamQuerySet(models.QuerySet["Stream"]):
    """Words to ask for streams."""

    def visible_to(self, user: Any) -> Self:
        """What producers inside the person's division send, what this node sends, and what comes from above."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        return self.filter(
            models.Q(producer_code__startswith=user.scope_prefix)
            | models.Q(producer_code=settings.CITYOPS_NODE)
            | models.Q(flow="down")
        )


class Stream(models.Model):
    """数据流: the numbered records of one producer for one direction, reach and lane.

    At the producer, ``seq`` and ``chain`` are the head; everywhere else they are the cursor, moved only in the
    transaction that stores the rows.
    """

    class State(models.TextChoices):
        """状态 of a stream."""

        LIVE = "live", pgettext_lazy("数据流", "正常")
        RECOVERING = "recovering", _("恢复中")

    producer_code = models.CharField(_("生产节点"), max_length=14)
    flow = models.CharField(_("流向"), max_length=4)
    scope = models.CharField(_("可见范围"), max_length=1)
    lane = models.CharField(_("通道"), max_length=6)
    audience = models.CharField(_("接收节点"), max_length=14, blank=True, default="", db_default="")
    """The one node that a stream from above is for; empty for all below."""
    state = models.CharField(
        _("状态"), max_length=10, choices=State.choices, default=State.LIVE, db_default=State.LIVE.value
    )
    """At the producer: whether records are numbered into it, or a recovery has to end first."""
    fence = models.BinaryField(default=b"")
    """The announcement of the present epoch as its producer signed it (JSON); empty in the first epoch."""
    fence_signature = models.BinaryField(default=b"")
    is_echoed = models.BooleanField(default=True, db_default=True)
    """At a relay: whether what the next node holds of the producer was asked for since the present epoch began."""
    highest = models.PositiveIntegerField(default=0, db_default=0)
    """At a relay: the highest epoch of the producer's versions that the next node told of."""
    epoch_no = models.PositiveIntegerField(default=1)
    epoch_id = models.UUIDField()
    seq = models.PositiveBigIntegerField(_("序号"), default=0)
    chain = models.BinaryField()
    applied_count = models.PositiveBigIntegerField(_("已入库"), default=0)
    superseded_count = models.PositiveBigIntegerField(_("已被更新"), default=0)
    parked_count = models.PositiveBigIntegerField(_("已暂存"), default=0)
    waiting_count = models.PositiveBigIntegerField(_("等待前置"), default=0, db_default=0)
    moved_at = models.DateTimeField(_("最近移动"), null=True)

    objects = StreamQuerySet.as_manager()

    class Meta:
        db_table = "sync_stream"
        verbose_name = _("数据流")
        ordering = ["producer_code", "flow", "scope", "lane", "audience"]
        constraints = [
            models.UniqueConstraint(
                fields=["producer_code", "flow", "scope", "lane", "audience"], name="sync_stream_once"
            ),
            models.CheckConstraint(condition=is_sha256("chain"), name="sync_stream_chain_32"),
        ]

    def __str__(self) -> str:
        return f"{self.producer_code} {self.flow}/{self.scope}/{self.lane} {self.audience}".rstrip()


class Batch(models.Model):
    """批次: one sealed batch as its producer signed it; relayed and kept unchanged, as evidence."""

    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="batches")
    epoch_no = models.PositiveIntegerField()
    from_seq = models.PositiveBigIntegerField(_("起始序号"))
    to_seq = models.PositiveBigIntegerField(_("截止序号"))
    base_chain = models.BinaryField()
    to_chain = models.BinaryField()
    kid = models.CharField(_("密钥标识"), max_length=32)
    header = models.BinaryField()
    signature = models.BinaryField()
    body_size = models.PositiveIntegerField(_("字节"))
    datasets = models.JSONField(default=dict)
    """Records per dataset."""
    stored_at = models.DateTimeField(_("保存时间"), auto_now_add=True)

    class Meta:
        db_table = "sync_batch"
        verbose_name = _("批次")
        constraints = [
            models.UniqueConstraint(fields=["stream", "epoch_no", "from_seq"], name="sync_batch_once"),
            models.CheckConstraint(condition=models.Q(to_seq__gte=models.F("from_seq")), name="sync_batch_not_empty"),
        ]


class BatchBody(models.Model):
    """The compressed records of a batch; partitioned by the month of arrival (migration 0002)."""

    batch_id = models.BigIntegerField(primary_key=True)
    stored_on = models.DateField()
    body = models.BinaryField()

    class Meta:
        db_table = "sync_batch_body"
        managed = False


class InboxEntry(models.Model):
    """收件: one entry of a stream and what became of it: applied, superseded, parked or waiting.

    At its producer the state is "O" (own). With the version that the entry carries it is the history 版本史 by which a
    fork is told from an ancestor.
    """

    pk = models.CompositePrimaryKey("stream_id", "epoch_no", "seq")
    stream_id = models.BigIntegerField()
    epoch_no = models.PositiveIntegerField()
    seq = models.PositiveBigIntegerField()
    rid = models.UUIDField()
    state = models.CharField(max_length=1)
    batch_id = models.BigIntegerField()
    rec_epoch = models.PositiveIntegerField(null=True)
    rev = models.PositiveBigIntegerField(null=True)
    content_sha = models.BinaryField(null=True)

    class Meta:
        db_table = "sync_inbox"


class ParkedQuerySet(models.QuerySet["Parked"]):
    """Words to ask for parked records."""

    def waiting(self) -> Self:
        """Records that somebody has to look at."""
        return self.filter(state=Parked.State.PARKED)

    def pending(self) -> Self:
        """Records that are not applied yet: parked, or waiting for something that is on its way."""
        return self.filter(state__in=[Parked.State.PARKED, Parked.State.WAITING])

    def visible_to(self, user: Any) -> Self:
        """What owners inside the person's division sent, and what came from above."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        return self.filter(models.Q(owner_code__startswith=user.scope_prefix) | models.Q(flow="down"))


class Parked(models.Model):
    """暂存记录: a record that could not be applied, with the reasons; it never holds up the stream."""

    class State(models.TextChoices):
        """What became of it."""

        PARKED = "P", _("待处理")
        WAITING = "W", _("等待前置")
        APPLIED = "A", _("已入库")
        SUPERSEDED = "S", _("已被更新")

    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="parked")
    epoch_no = models.PositiveIntegerField()
    seq = models.PositiveBigIntegerField(_("序号"))
    flow = models.CharField(max_length=4)
    dataset = models.CharField(_("数据集"), max_length=6)
    owner_code = models.CharField(_("归属节点"), max_length=14)
    rid = models.UUIDField(_("记录标识"))
    line = models.BinaryField()
    """The line as it came; empty where it must not be read here (SCOPE), or was erased."""
    children = models.BinaryField(default=b"")
    """The child rows as they came, by the name of their block (MessagePack)."""
    schema_version = models.PositiveIntegerField(default=1, db_default=1)
    columns = models.JSONField(default=list, db_default=[])
    """Names of the columns, where they are not those that this version knows."""
    needs_dataset = models.CharField(max_length=6, blank=True, default="", db_default="")
    needs_key = models.CharField(max_length=200, blank=True, default="", db_default="")
    """What a waiting record waits for."""
    crashes = models.PositiveSmallIntegerField(_("中断次数"), default=0, db_default=0)
    """Attempts during which the applying process ended; with three of them nobody tries again by itself."""
    reasons = models.JSONField(_("原因"), default=list)
    """Each with code, detail and remedy."""
    state = models.CharField(_("状态"), max_length=1, choices=State.choices, default=State.PARKED)
    tries = models.PositiveIntegerField(_("尝试次数"), default=1)
    parked_at = models.DateTimeField(_("暂存时间"), auto_now_add=True)
    tried_at = models.DateTimeField(_("最近尝试"), auto_now=True)

    objects = ParkedQuerySet.as_manager()

    class Meta:
        db_table = "sync_parked"
        verbose_name = _("暂存记录")
        ordering = ["-parked_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["stream", "epoch_no", "seq"], name="sync_parked_once")]
        indexes = [
            models.Index(
                fields=["dataset", "rid"], name="sync_parked_pending", condition=models.Q(state__in=["P", "W"])
            ),
            models.Index(
                fields=["needs_dataset", "needs_key"], name="sync_parked_needs", condition=models.Q(state="W")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dataset} {self.rid}"

    @property
    def code(self) -> str:
        """The code of the first reason."""
        return str(self.reasons[0].get("code", "")) if self.reasons else ""

    @property
    def blocks(self) -> dict[str, bytes]:
        """The child rows by the name of their block."""
        return msgspec.msgpack.decode(bytes(self.children), type=dict[str, bytes]) if self.children else {}
