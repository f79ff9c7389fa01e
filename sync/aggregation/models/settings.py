"""Settings of aggregation: what each node sends how often, and what its local codes mean."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cityops.accounts.scoping import ScopedQuerySet


class OwnedQuerySet(ScopedQuerySet):
    """Rows about a node: a person sees those of nodes inside the own division."""

    division_field = "node_code"


class DatasetPlan(models.Model):
    """订阅: whether a node sends a dataset, and how often; without a row the definition of the dataset holds."""

    class Frequency(models.TextChoices):
        """频次."""

        LIVE = "live", _("即时")
        QUARTER_HOUR = "quarter_hour", _("15 分钟")
        DAY = "day", pgettext_lazy("频次", "日")
        MONTH = "month", pgettext_lazy("频次", "月")
        QUARTER = "quarter", pgettext_lazy("频次", "季")
        YEAR = "year", pgettext_lazy("频次", "年")
        CHANGE = "change", _("变更时")

    node_code = models.CharField(_("节点"), max_length=14)
    dataset = models.CharField(_("数据集"), max_length=6)
    is_subscribed = models.BooleanField(_("订阅"), default=True)
    frequency = models.CharField(_("频次"), max_length=12, choices=Frequency.choices)
    note = models.CharField(_("说明"), max_length=300, blank=True)
    changed_by = models.CharField(_("修改人"), max_length=150)
    changed_at = models.DateTimeField(_("修改时间"), auto_now=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("数据集订阅")
        verbose_name_plural = _("数据集订阅")
        ordering = ["node_code", "dataset"]
        constraints = [models.UniqueConstraint(fields=["node_code", "dataset"], name="aggregation_plan_once")]

    def __str__(self) -> str:
        return f"{self.node_code} {self.dataset}"


class CodeMapping(models.Model):
    """编码映射: what a node's local class means in the standard, from a day on."""

    class Kind(models.TextChoices):
        """类别 (CL_KIND)."""

        COMPONENT = "1", _("部件")
        MATTER = "2", _("事项")

    node_code = models.CharField(_("节点"), max_length=14)
    kind = models.CharField(_("类别"), max_length=1, choices=Kind.choices)
    local_code = models.CharField(_("本地代码"), max_length=20)
    local_name = models.CharField(_("本地名称"), max_length=60, blank=True)
    version = models.CharField(_("标准版本"), max_length=20)
    class_code = models.CharField(_("标准代码"), max_length=5)
    note = models.CharField(_("说明"), max_length=300, blank=True)
    valid_from = models.DateField(_("启用日期"))
    valid_to = models.DateField(_("停用日期"), null=True, blank=True)
    changed_by = models.CharField(_("修改人"), max_length=150)
    changed_at = models.DateTimeField(_("修改时间"), auto_now=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("编码映射")
        verbose_name_plural = _("编码映射")
        ordering = ["node_code", "kind", "local_code", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["node_code", "kind", "local_code"],
                condition=Q(valid_to__isnull=True),
                name="aggregation_mapping_current",
            )
        ]

    def __str__(self) -> str:
        return f"{self.node_code} {self.local_code} → {self.class_code}"
