"""The audit trail, and answers kept for repeated writes."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEvent(models.Model):
    """One change 审计记录: who, what, which object, before and after, from where, why. Never changed, never deleted.

    Written in the transaction of the change itself: no audit row, no change.
    """

    at = models.DateTimeField(_("时间"), auto_now_add=True)
    user_id = models.BigIntegerField(_("操作人编号"), null=True)
    user_name = models.CharField(_("操作人"), max_length=150)
    channel = models.CharField(_("来源"), max_length=10)
    address = models.CharField(_("地址"), max_length=45, blank=True)
    session = models.CharField(_("会话"), max_length=8, blank=True)
    request_id = models.CharField(_("请求编号"), max_length=32, blank=True)
    node_code = models.CharField(_("节点"), max_length=14)
    action = models.CharField(_("动作"), max_length=60)
    succeeded = models.BooleanField(_("成功"), default=True)
    object_kind = models.CharField(_("对象类型"), max_length=60, blank=True)
    object_key = models.CharField(_("对象"), max_length=64, blank=True)
    division_code = models.CharField(_("所在区划"), max_length=12, blank=True)
    before = models.JSONField(_("变更前"), null=True)
    after = models.JSONField(_("变更后"), null=True)
    reason = models.TextField(_("原因"), blank=True)

    class Meta:
        verbose_name = _("审计记录")
        verbose_name_plural = _("审计记录")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["object_kind", "object_key", "-id"]),
            models.Index(fields=["user_id", "-id"]),
        ]
        triggers = [
            pgtrigger.Protect(name="audit_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="audit_no_truncate",
                operation=pgtrigger.Truncate,
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                func="RAISE EXCEPTION 'The audit trail is append-only.';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.user_name} {self.action} {self.object_key}"


class IdempotentAnswer(models.Model):
    """The first answer to a write that carried an Idempotency-Key; a repeat gets it again and changes nothing."""

    user_id = models.BigIntegerField()
    key = models.CharField(max_length=64)
    request_sha = models.BinaryField()
    status = models.PositiveSmallIntegerField()
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user_id", "key"], name="idempotent_answer_once")]
