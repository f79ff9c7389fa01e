"""Nodes 平台节点 (JC11): this one, its parent, its children."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from cityops.accounts.scoping import ScopedQuerySet
from cityops.foundation.records import ExchangedRecord, local_node, mark_triggers


class NodeQuerySet(ScopedQuerySet):
    """Words to ask for nodes."""

    def children_of(self, node_code: str) -> "NodeQuerySet":
        """Nodes that report to ``node_code``."""
        return self.filter(parent_code=node_code)

    def visible_to(self, user: Any) -> "NodeQuerySet":
        """Nodes inside the person's division, this one, and the ancestors that it reports to."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        own = Node.objects.filter(node_code=local_node()).order_by()
        parent = Node.objects.filter(node_code__in=own.values("parent_code")).order_by()
        above = models.Q(node_code__in=own.values("parent_code")) | models.Q(node_code__in=parent.values("parent_code"))
        inside = models.Q(division_code__startswith=user.scope_prefix)
        return self.filter(inside | models.Q(node_code=local_node()) | above)


class Node(ExchangedRecord):
    """平台节点 (JC11): one instance of the platform."""

    class Tier(models.TextChoices):
        """平台级别 (CL_TIER)."""

        NATIONAL = "1", _("国家")
        PROVINCIAL = "2", _("省级")
        MUNICIPAL = "3", _("市级")

    class State(models.TextChoices):
        """节点状态 (CL_NODESTATE)."""

        BUILDING = "01", _("建设中")
        TESTING = "02", _("联调")
        JOINED = "03", _("已联网")
        TRIAL = "04", _("试运行")
        ACCEPTED = "05", _("已验收")
        RETIRED = "06", _("停用")

    node_code = models.CharField(_("节点代码"), max_length=14, unique=True)
    tier = models.CharField(_("平台级别"), max_length=1, choices=Tier.choices)
    division_code = models.CharField(_("区划"), max_length=12, db_index=True)
    parent_code = models.CharField(_("上级节点"), max_length=14, blank=True)
    platform_name = models.CharField(_("平台名称"), max_length=100)
    vendor = models.CharField(_("承建单位"), max_length=100, blank=True)
    base_url = models.CharField(_("服务地址"), max_length=200)
    network = models.CharField(_("网络"), max_length=2, default="01")
    public_key = models.TextField(_("签名公钥"), blank=True)
    protect_level = models.CharField(_("等保级别"), max_length=1, default="3")
    crypto_assessed = models.CharField(_("密评通过"), max_length=1, blank=True)
    joined_at = models.DateField(_("联网日期"), null=True, blank=True)
    accepted_at = models.DateField(_("验收日期"), null=True, blank=True)
    std_version = models.CharField(_("数据标准版本"), max_length=20)
    status = models.CharField(_("状态"), max_length=2, choices=State.choices, default=State.BUILDING)

    objects = NodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("平台节点")
        verbose_name_plural = _("平台节点")
        ordering = ["division_code"]
        triggers = mark_triggers("JC11")

    def __str__(self) -> str:
        return self.platform_name
