"""Links to peers, their keys, and the enrolment of a child."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sync.exchange.rules.places import codes_above

KEY_LIFE = timedelta(days=365)
"""The longest life of a key."""


def in_a_year() -> datetime:
    """The end of a key that is made now."""
    return timezone.now() + KEY_LIFE


class KeyQuerySet(models.QuerySet["Key"]):
    """Words to ask for keys."""

    def good(self, at: datetime | None = None) -> Self:
        """Keys under which something may be signed at a moment, now by default: active and not expired."""
        return self.filter(state=Key.State.ACTIVE, not_after__gt=at or timezone.now())

    def visible_to(self, user: Any) -> Self:
        """Keys of this node, of nodes inside the person's division, and of those above."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        here = settings.CITYOPS_NODE
        return self.filter(
            models.Q(node_code=here)
            | models.Q(node_code__startswith=user.scope_prefix)
            | models.Q(node_code__regex=codes_above(here))
        )

    def workable_by(self, user: Any) -> Self:
        """Keys that a person decides on: of the nodes below inside the division; with the whole instance, its own."""
        return self.visible_to(user).filter(node_code__startswith=getattr(user, "scope_prefix", "-"))


class Key(models.Model):
    """签名公钥: the public key of a node, by key id. A private key never enters the database."""

    class State(models.TextChoices):
        """What a key is good for."""

        PENDING = "pending", _("待批准")
        ACTIVE = "active", _("有效")
        REVOKED = "revoked", _("已吊销")

    kid = models.CharField(_("密钥标识"), max_length=32, unique=True)
    node_code = models.CharField(_("节点"), max_length=14, db_index=True)
    suite = models.CharField(_("密码套件"), max_length=8)
    public_key = models.CharField(_("公钥"), max_length=200)
    vouched_by = models.CharField(_("担保节点"), max_length=14, blank=True)
    state = models.CharField(_("状态"), max_length=8, choices=State.choices)
    created_at = models.DateTimeField(_("登记时间"), auto_now_add=True)
    not_after = models.DateTimeField(_("有效期至"), default=in_a_year)
    activated_at = models.DateTimeField(_("生效时间"), null=True)
    """When it became active here after an approval; empty for a node's first key."""
    introduction = models.JSONField(default=dict)
    """The statement by which an earlier key of the node introduced this one, as it was signed; empty for the first."""
    revocation = models.JSONField(default=dict)
    """The statement by which it was revoked; empty where it was only put out of use here."""
    revoked_at = models.DateTimeField(_("吊销时间"), null=True)
    revoke_reason = models.CharField(_("吊销原因"), max_length=300, blank=True)
    approved_by = models.CharField(_("批准人"), max_length=150, blank=True)
    confirmed_by = models.CharField(_("复核人"), max_length=150, blank=True)
    """The second person, with whom the key became active."""

    objects = KeyQuerySet.as_manager()

    class Meta:
        db_table = "sync_key"
        verbose_name = _("签名公钥")
        ordering = ["node_code", "-id"]

    def __str__(self) -> str:
        return f"{self.node_code} {self.kid}"


class LinkQuerySet(models.QuerySet["Link"]):
    """Words to ask for links."""

    def live(self) -> Self:
        """Links over which records may travel now."""
        return self.filter(state=Link.State.LIVE)

    def to_parent(self) -> Self:
        """The link upward; there is at most one."""
        return self.filter(role=Link.Role.PARENT)

    def to_children(self) -> Self:
        """The links downward."""
        return self.filter(role=Link.Role.CHILD)

    def visible_to(self, user: Any) -> Self:
        """The link upward, and those to children inside the person's division."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        return self.filter(models.Q(role=Link.Role.PARENT) | models.Q(peer_code__startswith=user.scope_prefix))


class Link(models.Model):
    """链路: this node and one peer. The child calls, the parent answers."""

    class Role(models.TextChoices):
        """What the peer is to this node."""

        PARENT = "parent", _("上级")
        CHILD = "child", _("下级")

    class State(models.TextChoices):
        """链路状态."""

        PENDING = "pending", _("待批准")
        LIVE = "live", pgettext_lazy("链路", "正常")
        FROZEN = "frozen", _("已冻结")
        RETIRED = "retired", _("已停用")

    peer_code = models.CharField(_("对端节点"), max_length=14, unique=True)
    peer_name = models.CharField(_("对端名称"), max_length=100, blank=True)
    role = models.CharField(_("关系"), max_length=6, choices=Role.choices)
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.PENDING)
    suite = models.CharField(_("密码套件"), max_length=8, default="intl", db_default="intl")
    base_url = models.CharField(_("服务地址"), max_length=200, blank=True)
    last_ok_at = models.DateTimeField(_("最近成功"), null=True)
    last_error = models.CharField(_("最近错误"), max_length=300, blank=True)
    last_error_at = models.DateTimeField(_("错误时间"), null=True)
    fail_count = models.PositiveIntegerField(_("连续失败"), default=0)
    retry_at = models.DateTimeField(_("下次尝试"), null=True)
    frozen_reason = models.CharField(_("冻结原因"), max_length=300, blank=True)
    slow_until = models.DateTimeField(_("限速至"), null=True)
    """Until then only the urgent lane is sent: the peer said that it is busy."""
    batch_records = models.PositiveIntegerField(default=0, db_default=0)
    """Records that a batch may have on this road; 0 as many as the node's setting says."""
    peer_schemas = models.JSONField(default=dict, db_default={})
    """The lowest and the highest version of each dataset that the peer reads, as its hello said."""
    clock_skew_seconds = models.FloatField(_("时钟偏差(秒)"), null=True)
    backlog = models.PositiveBigIntegerField(_("积压"), default=0)
    """Records the peer still lacks, as last seen by the side that sends; for display only."""
    enrolled_at = models.DateTimeField(_("接入时间"), null=True)
    compare_asked_at = models.DateTimeField(null=True)
    """When somebody here asked for a comparison; the child makes it at its next call."""

    objects = LinkQuerySet.as_manager()

    class Meta:
        db_table = "sync_link"
        verbose_name = _("链路")
        ordering = ["peer_code"]

    def __str__(self) -> str:
        return self.peer_name or self.peer_code


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    """Words to ask for enrolments."""

    def visible_to(self, user: Any) -> Self:
        """Those of children inside the person's division."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        return self.filter(child_code__startswith=user.scope_prefix)


class Enrolment(models.Model):
    """接入申请: a one-time code given to a child, the child's answer to it, and the approval."""

    class State(models.TextChoices):
        """How far the enrolment is."""

        OPEN = "open", _("接入码已发出")
        ASKED = "asked", _("待批准")
        APPROVED = "approved", _("已批准")
        REFUSED = "refused", _("已拒绝")
        CANCELLED = "cancelled", _("已作废")

    child_code = models.CharField(_("下级节点"), max_length=14, db_index=True)
    code_sha = models.BinaryField()
    suite = models.CharField(_("密码套件"), max_length=8, default="intl", db_default="intl")
    state = models.CharField(_("状态"), max_length=9, choices=State.choices, default=State.OPEN)
    failed_count = models.PositiveSmallIntegerField(_("失败次数"), default=0)
    made_by = models.CharField(_("发码人"), max_length=150)
    made_at = models.DateTimeField(_("发码时间"), auto_now_add=True)
    expires_at = models.DateTimeField(_("有效期至"))
    asked_at = models.DateTimeField(_("申请时间"), null=True)
    asked_from = models.CharField(_("申请地址"), max_length=45, blank=True)
    details = models.JSONField(default=dict)
    """What the child says of itself: name, tier, address, key."""
    approved_by = models.CharField(_("批准人"), max_length=150, blank=True)
    approved_at = models.DateTimeField(_("批准时间"), null=True)
    closed_by = models.CharField(_("办结人"), max_length=150, blank=True)
    """Who refused the request or cancelled the code."""
    closed_at = models.DateTimeField(_("办结时间"), null=True)
    closed_reason = models.CharField(_("原因"), max_length=300, blank=True)

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        db_table = "sync_enrolment"
        verbose_name = _("接入申请")
        ordering = ["-made_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["child_code"], condition=models.Q(state__in=["open", "asked"]), name="sync_enrolment_one_open"
            ),
        ]

    def __str__(self) -> str:
        return self.child_code


class Nonce(models.Model):
    """A number that a peer may use for one call; taken away by the call."""

    value = models.UUIDField(primary_key=True)
    peer_code = models.CharField(max_length=14)
    issued_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        db_table = "sync_nonce"
