"""What is kept of signals: they and their answers, the terms of each kind, what was planted and what was measured."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cityops.accounts.scoping import ScopedQuerySet
from grid.models import Case
from grid.signals.rules.kinds import Kind

KIND_NAMES = {
    Kind.SAME_PHOTO: _("同一照片用于两案"),
    Kind.UNCHANGED: _("处置前后照片相同"),
    Kind.FAR_PHOTO: _("照片远离案发地"),
    Kind.BUNCHED: _("临近截止集中反馈"),
    Kind.TRAVEL: _("行程不可能"),
    Kind.QUIET_GRID: _("热区旁的静默网格"),
    Kind.PAIR: _("核查总是通过的组合"),
}
KIND_CHOICES = [(kind.value, name) for kind, name in KIND_NAMES.items()]
REVIEW = "signals.review_signal"


class SignalQuerySet(ScopedQuerySet):
    """Words to ask for signals: reviewers see those of their division, everybody else those that name them."""

    def visible_to(self, user: Any) -> Self:
        """Those to review, or those about oneself and the own department."""
        if not (getattr(user, "is_authenticated", False) and user.is_active):
            return self.none()
        if user.has_perm(REVIEW):
            return self.workable_by(user)
        return self.about(user)

    def about(self, user: Any) -> Self:
        """Those that name a person, or the department that the person is bound to."""
        own = Q(person=user)
        if user.is_bound_to_organisation:
            own |= Q(org_code__in=user.organisation_codes)
        return self.filter(own)


class Signal(models.Model):
    """疑点: something that looks odd and deserves a second look; never a judgement, local, not exchanged."""

    class State(models.TextChoices):
        """Where it stands."""

        OPEN = "open", _("待复核")
        EXPLAINED = "explained", _("已说明")
        DISMISSED = "dismissed", _("误报")
        CONFIRMED = "confirmed", _("属实")

    kind = models.CharField(_("类别"), max_length=12, choices=KIND_CHOICES)
    key = models.CharField(_("标识"), max_length=90)
    division_code = models.CharField(_("区划"), max_length=12)
    case = models.ForeignKey(
        Case, verbose_name=_("案件"), null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    other_case = models.ForeignKey(
        Case, verbose_name=_("另一案件"), null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    grid_code = models.CharField(_("网格"), max_length=15, blank=True)
    org_code = models.CharField(_("单位"), max_length=18, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("人员"), null=True, blank=True, on_delete=models.CASCADE,
        related_name="+",
    )  # fmt: skip
    """Shown as a number of the operator; a name stands in no signal."""
    window_from = models.DateTimeField(_("时段起"))
    window_to = models.DateTimeField(_("时段止"))
    found_at = models.DateTimeField(_("发现时间"))
    seen_at = models.DateTimeField(_("最近一次发现"))
    score = models.PositiveSmallIntegerField(_("显著度"))
    facts = models.JSONField(_("事实"))
    setting_version = models.PositiveIntegerField(_("参数版本"), default=0)
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.OPEN)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("复核人"), null=True, blank=True, on_delete=models.SET_NULL,
        related_name="+",
    )  # fmt: skip
    reviewed_at = models.DateTimeField(_("复核时间"), null=True, blank=True)
    review_note = models.TextField(_("复核意见"), blank=True)

    objects = SignalQuerySet.as_manager()

    class Meta:
        verbose_name = _("疑点")
        verbose_name_plural = _("疑点")
        ordering = ["-found_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="signal_once")]
        indexes = [
            models.Index(fields=["state", "-found_at"], name="signal_state"),
            models.Index(fields=["org_code"], name="signal_org", condition=~Q(org_code="")),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.key}"

    @property
    def is_open(self) -> bool:
        """Whether nobody has reviewed it."""
        return self.state == self.State.OPEN


class SignalAnswer(models.Model):
    """说明: what the department or the person says about a signal; kept beside it, shown first at its review."""

    signal = models.ForeignKey(Signal, verbose_name=_("疑点"), on_delete=models.CASCADE, related_name="answers")
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("说明人"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    answered_at = models.DateTimeField(_("说明时间"), default=timezone.now)
    text = models.TextField(_("说明"))

    class Meta:
        verbose_name = _("疑点说明")
        verbose_name_plural = _("疑点说明")
        ordering = ["answered_at", "pk"]


class SignalSetting(models.Model):
    """疑点参数: one version of the terms of a kind; the latest holds, the former are kept with who changed them."""

    kind = models.CharField(_("类别"), max_length=12, choices=KIND_CHOICES)
    version = models.PositiveIntegerField(_("版本"))
    is_on = models.BooleanField(_("启用"), default=True)
    window_days = models.PositiveSmallIntegerField(_("回看天数"))
    values = models.JSONField(_("参数"))
    note = models.CharField(_("修改原因"), max_length=200)
    changed_by = models.CharField(_("修改人"), max_length=150)
    changed_at = models.DateTimeField(_("修改时间"), default=timezone.now)

    class Meta:
        verbose_name = _("疑点参数")
        verbose_name_plural = _("疑点参数")
        ordering = ["kind", "-version"]
        constraints = [models.UniqueConstraint(fields=["kind", "version"], name="signal_setting_once")]


class PlantedFraud(models.Model):
    """模拟作弊: what the simulator planted in this city; the truth that finding is held against."""

    kind = models.CharField(_("类别"), max_length=12, choices=KIND_CHOICES)
    subject = models.CharField(_("标识"), max_length=90)
    seed = models.BigIntegerField(_("随机种子"))
    planted_at = models.DateTimeField(_("植入时间"), default=timezone.now)

    class Meta:
        verbose_name = _("模拟作弊")
        verbose_name_plural = _("模拟作弊")
        ordering = ["kind", "subject"]
        constraints = [models.UniqueConstraint(fields=["kind", "subject"], name="planted_fraud_once")]


class SignalRate(models.Model):
    """误报率: how well a kind found what was planted in simulated cities; measured, with what it was measured on."""

    kind = models.CharField(_("类别"), max_length=12, choices=KIND_CHOICES)
    seeds = models.JSONField(_("随机种子"))
    days = models.PositiveSmallIntegerField(_("天数"))
    cases = models.PositiveIntegerField(_("案件数"))
    photos = models.PositiveIntegerField(_("照片数"))
    planted = models.PositiveIntegerField(_("植入"))
    found = models.PositiveIntegerField(_("找到"))
    false_alarms = models.PositiveIntegerField(_("误报"))
    values = models.JSONField(_("参数"))
    measured_at = models.DateTimeField(_("测量时间"), default=timezone.now)

    class Meta:
        verbose_name = _("误报率")
        verbose_name_plural = _("误报率")
        ordering = ["kind", "-measured_at"]
        get_latest_by = "measured_at"
