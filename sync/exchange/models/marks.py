"""This node, the marks of what changed, and the version of every record that was ever numbered."""

from django.db import models
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _


def is_sha256(column: str) -> Exact:
    """The condition that a hash column holds 32 bytes."""
    length = models.Func(models.F(column), function="octet_length", output_field=models.IntegerField())
    return Exact(length, 32)


class SyncSelf(models.Model):
    """本节点: one row that tells the database (and its triggers) which node it is, and guards against a restore."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    node_code = models.CharField(_("节点代码"), max_length=14)
    epoch = models.PositiveIntegerField(_("节点纪元"), default=1)
    incarnation = models.UUIDField(_("化身"), null=True)
    system_identifier = models.CharField(max_length=20, blank=True)
    server_facts = models.CharField(max_length=100, blank=True, default="", db_default="")
    """What tells this life of the database from another: server, timeline, database, start of the server."""
    started_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sync_self"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="sync_self_one_row")]


class DirtyMark(models.Model):
    """变更标记: appended by trigger inside the business transaction, taken by the sequencer after commit."""

    dataset = models.CharField(max_length=6)
    rid = models.UUIDField()
    op = models.CharField(max_length=1)
    marked_at = models.DateTimeField()

    class Meta:
        db_table = "sync_dirty"


class RecordVersion(models.Model):
    """记录版本: one row per record that was ever numbered, live or deleted; never purged."""

    rid = models.UUIDField(primary_key=True)
    dataset = models.CharField(max_length=6)
    owner_code = models.CharField(max_length=14)
    rec_epoch = models.PositiveIntegerField()
    rev = models.PositiveBigIntegerField()
    op = models.CharField(max_length=1)
    content_sha = models.BinaryField()
    seq = models.PositiveBigIntegerField(default=0)
    """Number of this version in its owner's stream; 0 for what does not travel."""
    at = models.DateTimeField()

    class Meta:
        db_table = "sync_record"
        indexes = [models.Index(fields=["owner_code", "dataset", "rid"])]
        constraints = [
            models.CheckConstraint(condition=is_sha256("content_sha"), name="sync_record_sha_32"),
        ]
