"""Records that were erased for privacy, and which receivers have confirmed it."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ErasureQuerySet(models.QuerySet["Erasure"]):
    """Words to ask for erasures."""

    def visible_to(self, user: Any) -> Self:
        """Those of owners inside the person's division, and of this node."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        return self.filter(
            models.Q(owner_code__startswith=user.scope_prefix) | models.Q(owner_code=settings.CITYOPS_NODE)
        )


class Erasure(models.Model):
    """隐私擦除: a record whose every version is wiped; what is left are hashes, so that the chains still verify.

    Kept at the owner, who ordered it, and at each receiver, who carried it out.
    """

    owner_code = models.CharField(_("归属节点"), max_length=14)
    dataset = models.CharField(_("数据集"), max_length=6)
    rid = models.UUIDField(_("记录标识"))
    reason = models.CharField(_("原因"), max_length=300, blank=True)
    """Empty at receivers: the reason stays with the owner."""
    ordered_by = models.CharField(_("操作人"), max_length=150, blank=True)
    ordered_at = models.DateTimeField(_("擦除时间"), auto_now_add=True)
    wiped_batches = models.PositiveIntegerField(_("擦除批次"), default=0)
    confirmed = models.JSONField(_("已确认节点"), default=dict)
    """Receivers whose signed receipt says that they wiped it, and when."""

    objects = ErasureQuerySet.as_manager()

    class Meta:
        db_table = "sync_erasure"
        verbose_name = _("隐私擦除")
        ordering = ["-ordered_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["dataset", "rid"], name="sync_erasure_once")]

    def __str__(self) -> str:
        return f"{self.dataset} {self.rid}"
