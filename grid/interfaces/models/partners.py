"""Partners 对接系统: other platforms that carry cases together with this one, and the cases they have in common."""

from datetime import datetime
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cityops.accounts.models import User
from cityops.accounts.scoping import ScopedQuerySet
from grid.interfaces.rules.operations import DIRECT, EVENTS, REPLY, Event
from grid.models import Case


def all_events() -> list[str]:
    """What a new partner is told: everything."""
    return list(EVENTS)


class PartnerQuerySet(ScopedQuerySet):
    """Words to ask for partners; whoever is responsible for the partner's division sees it."""

    def active(self) -> Self:
        """Partners that carry cases."""
        return self.filter(is_active=True)


class Partner(models.Model):
    """对接系统: a district's platform, a superior's, or any other, with the account under which it acts here."""

    class Kind(models.TextChoices):
        """What it is to this city."""

        DISTRICT = "district", _("区级平台")
        OTHER = "other_platform", _("其他平台")
        SUPERIOR = "superior", _("上级平台")

    code = models.SlugField(_("代码"), max_length=30, unique=True)
    """Stands in the address at which it sends webhooks."""
    name = models.CharField(_("名称"), max_length=60)
    kind = models.CharField(_("类型"), max_length=14, choices=Kind.choices)
    division_code = models.CharField(_("负责区划"), max_length=12)
    org_code = models.CharField(_("代表单位"), max_length=18, blank=True)
    """The organisation it answers for: cases dispatched to it go over."""
    account = models.OneToOneField(User, verbose_name=_("对接账号"), on_delete=models.PROTECT, related_name="partner")
    """The integration under whose name, rights and tokens it acts."""
    webhook_url = models.CharField(_("推送地址"), max_length=300, blank=True)
    """Empty: nothing is sent, it asks for changes itself."""
    events = ArrayField(models.CharField(max_length=20), verbose_name=_("推送事件"), default=all_events, blank=True)
    sends_photos = models.BooleanField(_("推送照片"), default=True)
    modes = models.JSONField(_("申请方式"), default=dict, blank=True)
    """Kind of application → ``direct`` (0: holds at once) or ``reply`` (1: somebody here decides)."""
    is_active = models.BooleanField(_("启用"), default=True)
    created_at = models.DateTimeField(_("登记时间"), auto_now_add=True)
    failing_since = models.DateTimeField(_("推送失败起"), null=True, blank=True)
    stopped_at = models.DateTimeField(_("停推时间"), null=True, blank=True)
    """Since when nothing is sent, because it failed too long or said that it is gone."""
    stopped_why = models.CharField(_("停推原因"), max_length=300, blank=True)
    refused_at = models.DateTimeField(_("最近拒收"), null=True, blank=True)
    refused_why = models.CharField(_("拒收原因"), max_length=300, blank=True)

    objects = PartnerQuerySet.as_manager()

    class Meta:
        db_table = "interfaces_partner"
        verbose_name = _("对接系统")
        verbose_name_plural = _("对接系统")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    def is_direct(self, application: str) -> bool:
        """Whether an application of this kind holds at once."""
        return bool(self.modes.get(application, REPLY) == DIRECT)

    @property
    def is_sent_to(self) -> bool:
        """Whether webhooks go out to it."""
        return bool(self.is_active and self.webhook_url and self.stopped_at is None)

    def wants(self, event: Event) -> bool:
        """Whether it is told of such an event; what it must know for its work it is always told."""
        return event in self.events or event in (Event.ASSIGNED, Event.WITHDRAWN, Event.TEST)


class PartnerSecretQuerySet(models.QuerySet["PartnerSecret"]):
    """Words to ask for secrets."""

    def valid(self, direction: str, at: datetime) -> Self:
        """Those that sign or open now, the newest first; two while one replaces the other."""
        still = Q(ends_at__isnull=True) | Q(ends_at__gt=at)
        return self.filter(still, direction=direction).order_by("-created_at", "-pk")


class PartnerSecret(models.Model):
    """签名密钥: a shared secret of one direction, encrypted; two are valid while one replaces the other."""

    class Direction(models.TextChoices):
        """Who signs with it. One secret for both ways would let a message be sent back to its sender."""

        OUT = "out", _("本平台签名")
        IN = "in", _("对方签名")

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="secrets")
    direction = models.CharField(_("方向"), max_length=3, choices=Direction.choices)
    closed = models.BinaryField()
    """Encrypted under the keys of columns; see ``place``."""
    hint = models.CharField(_("末四位"), max_length=4)
    created_at = models.DateTimeField(_("建立时间"), auto_now_add=True)
    ends_at = models.DateTimeField(_("停用时间"), null=True, blank=True)

    objects = PartnerSecretQuerySet.as_manager()

    class Meta:
        db_table = "interfaces_partnersecret"
        verbose_name = _("签名密钥")
        ordering = ["-created_at", "-pk"]

    @property
    def place(self) -> str:
        """Where the cipher text stands; moved to another partner or direction it does not open."""
        return f"interfaces.secret:{self.partner_id}:{self.direction}"


class PartnerCaseQuerySet(ScopedQuerySet):
    """Words to ask for shared cases. An integration sees those of its own partner, a person those of its division."""

    division_field = "case__division_code"
    organisation_field = "case__duty_org"

    def visible_to(self, user: Any) -> Self:
        """What somebody may see of what is shared."""
        if getattr(user, "is_integration", False) and Partner.objects.filter(account=user).exists():
            return self.filter(partner__account=user, partner__is_active=True)
        return super().visible_to(user)


class PartnerCase(models.Model):
    """共办案件: a case that a partner reported to us, or that we gave to it, and what it was told of it."""

    partner = models.ForeignKey(Partner, verbose_name=_("对接系统"), on_delete=models.PROTECT, related_name="shares")
    case = models.ForeignKey(Case, verbose_name=_("案件"), on_delete=models.CASCADE, related_name="shares")
    their_no = models.CharField(_("对方案件号"), max_length=40, blank=True)
    flags = ArrayField(models.CharField(max_length=20), verbose_name=_("标志"), default=list, blank=True)
    """Flags of the tier interface that our case has no column for: accident, unstable, repeat_call, return_visit."""
    reported_at = models.DateTimeField(_("对方上报时间"), null=True, blank=True)
    assigned_at = models.DateTimeField(_("交办时间"), null=True, blank=True)
    ended_at = models.DateTimeField(_("收回时间"), null=True, blank=True)
    """When a case that was given to it went to somebody else."""
    told_seq = models.PositiveSmallIntegerField(default=0)
    """The last step that it was told of."""
    synced_at = models.DateTimeField(_("最近同步"), null=True, blank=True)
    """When it last took something from us or sent something."""
    their_state = models.CharField(_("对方状态"), max_length=2, blank=True, choices=Case.State.choices)
    attention = models.CharField(_("待人工处理"), max_length=300, blank=True)
    """What it told us that could not be done here, until somebody has seen to it."""

    objects = PartnerCaseQuerySet.as_manager()

    class Meta:
        db_table = "interfaces_partnercase"
        verbose_name = _("共办案件")
        verbose_name_plural = _("共办案件")
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["partner", "case"], name="partner_case_once")]
        indexes = [
            models.Index(fields=["partner", "their_no"], name="partner_case_theirs", condition=~Q(their_no="")),
            models.Index(fields=["partner"], name="partner_case_attention", condition=~Q(attention="")),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.case_id}"

    @property
    def is_assigned(self) -> bool:
        """Whether the partner has the case to handle now."""
        return self.assigned_at is not None and self.ended_at is None
