"""Alarms of the exchange: what a person should look at, raised and closed by what the tables say."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from sync.exchange.rules.places import codes_above


class AlarmQuerySet(models.QuerySet["Alarm"]):
    """Words to ask for alarms."""

    def standing(self) -> Self:
        """Alarms whose cause is still there, whether somebody looks at them or not."""
        return self.exclude(state=Alarm.State.CLOSED)

    def visible_to(self, user: Any) -> Self:
        """Alarms about nodes inside the person's division, about this node and those above it."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        return self.filter(
            models.Q(node_code__startswith=user.scope_prefix)
            | models.Q(node_code=settings.CITYOPS_NODE)
            | models.Q(node_code__regex=codes_above(settings.CITYOPS_NODE))
        )


class Alarm(models.Model):
    """交换告警: one cause, from the moment it was seen until it is gone. At most one stands per kind and subject."""

    class Kind(models.TextChoices):
        """What is wrong."""

        SILENT = "silent", _("链路静默")
        FROZEN = "frozen", _("链路冻结")
        SKEW = "skew", _("时钟偏差")
        PARKED = "parked", _("有暂存记录")
        WAITING = "waiting", _("有等待记录")
        DIFFERENT = "different", _("对账有差异")
        CONFLICT = "conflict", _("版本冲突")
        TRESPASS = "trespass", _("越权记录")
        KEY = "key", _("密钥将到期")
        WATCHDOG = "watchdog", _("交换未运行")

    class Level(models.TextChoices):
        """How urgent it is."""

        YELLOW = "yellow", _("黄")
        RED = "red", _("红")

    class State(models.TextChoices):
        """Who deals with it."""

        OPEN = "open", _("待处理")
        ACKNOWLEDGED = "acked", _("已确认")
        CLOSED = "closed", _("已解除")

    kind = models.CharField(_("类型"), max_length=9, choices=Kind.choices)
    node_code = models.CharField(_("节点"), max_length=14)
    subject = models.CharField(_("对象"), max_length=40, blank=True)
    """What of the node it is about: a dataset, a key; empty for the node as a whole."""
    level = models.CharField(_("级别"), max_length=6, choices=Level.choices)
    state = models.CharField(_("状态"), max_length=6, choices=State.choices, default=State.OPEN)
    facts = models.JSONField(default=dict)
    """The numbers behind it, as last seen."""
    raised_at = models.DateTimeField(_("发生时间"))
    seen_at = models.DateTimeField(_("最近检查"))
    acked_by = models.CharField(_("确认人"), max_length=150, blank=True)
    acked_at = models.DateTimeField(_("确认时间"), null=True)
    note = models.CharField(_("处理说明"), max_length=300, blank=True)
    closed_at = models.DateTimeField(_("解除时间"), null=True)

    objects = AlarmQuerySet.as_manager()

    class Meta:
        db_table = "sync_alarm"
        verbose_name = _("交换告警")
        ordering = ["-raised_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "node_code", "subject"],
                condition=models.Q(state__in=["open", "acked"]),
                name="sync_alarm_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.node_code} {self.subject}".rstrip()


class Pulse(models.Model):
    """运行脉搏: when a part of the exchange last did its work; tells that a worker is deaf."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()
    seconds = models.FloatField(default=0, db_default=0)
    """How long the work took."""

    class Meta:
        db_table = "sync_pulse"
