"""Attachments by the hash of their content, on their way or there."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _


class BlobQuerySet(models.QuerySet["Blob"]):
    """Words to ask for attachments."""

    def missing(self) -> Self:
        """Those that are not whole yet."""
        return self.filter(complete_at=None)


class Blob(models.Model):
    """附件内容: one picture that belongs to a child row of a record and travels after it, in the bulk lane.

    At the owner ``have`` is what the parent has; at the parent, what lies here.
    """

    owner_code = models.CharField(_("归属节点"), max_length=14)
    dataset = models.CharField(_("数据集"), max_length=6)
    block = models.CharField(max_length=20)
    key = models.UUIDField()
    sha256 = models.CharField(_("内容哈希"), max_length=64, db_index=True)
    size = models.PositiveIntegerField(_("大小(字节)"))
    have = models.PositiveIntegerField(default=0)
    complete_at = models.DateTimeField(_("收齐时间"), null=True)
    tied_at = models.DateTimeField(null=True)
    """When the record that it belongs to took it."""

    objects = BlobQuerySet.as_manager()

    class Meta:
        db_table = "sync_blob"
        verbose_name = _("附件内容")
        constraints = [models.UniqueConstraint(fields=["dataset", "block", "key"], name="sync_blob_once")]
        indexes = [models.Index(fields=["owner_code"], name="sync_blob_missing", condition=models.Q(complete_at=None))]

    def __str__(self) -> str:
        return self.sha256
