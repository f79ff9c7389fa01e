"""What intake keeps: the rules of sources, the reach of similar cases, findings, learnt words, duties, answers."""

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cityops.accounts.scoping import ScopedQuerySet
from grid.intake.rules.answers import Channel, Outcome
from grid.intake.rules.duties import Duty
from grid.intake.rules.similarity import Reach
from grid.intake.rules.sources import SourceTerms
from grid.models import Case
from sync.standard.models import ClassEntry


class SourceRule(models.Model):
    """来源规则: what the city wrote for one source; a source without a row keeps the sample of ``rules.sources``."""

    source = models.CharField(_("问题来源"), max_length=2, choices=Case.Source.choices, primary_key=True)
    verify_first = models.BooleanField(_("先核实"), default=False, help_text=_("登记后即发采集员现场核实。"))
    auto_accept = models.BooleanField(_("自动受理"), default=False, help_text=_("登记后即进入待立案。"))
    needs_photo = models.BooleanField(_("须有照片"), default=False)
    needs_reporter = models.BooleanField(_("须留反映人"), default=False)
    may_file_directly = models.BooleanField(
        _("可直接立案"), default=False, help_text=_("登记人有立案权限时，受理后随即立案。")
    )
    number_is_unique = models.BooleanField(
        _("来源单号不重复"), default=False, help_text=_("同一单号再次送来，视为同一案件。")
    )
    min_confidence = models.DecimalField(
        _("置信度门槛"),
        max_digits=3,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text=_("0 到 1；达到门槛自动受理，未达到先核实。留空表示不看置信度。"),
    )
    default_urgency = models.CharField(
        _("默认紧急程度"), max_length=1, choices=Case.Urgency.choices, default=Case.Urgency.ORDINARY
    )
    roles = ArrayField(models.CharField(max_length=30), verbose_name=_("可登记的角色"), default=list, blank=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    class Meta:
        verbose_name = _("来源规则")
        verbose_name_plural = _("来源规则")
        ordering = ["source"]

    def __str__(self) -> str:
        return self.get_source_display()

    def terms(self) -> SourceTerms:
        """The row as the rules know it."""
        return SourceTerms(
            source=self.source,
            verify_first=self.verify_first,
            auto_accept=self.auto_accept,
            needs_photo=self.needs_photo,
            needs_reporter=self.needs_reporter,
            may_file_directly=self.may_file_directly,
            number_is_unique=self.number_is_unique,
            min_confidence=self.min_confidence,
            default_urgency=self.default_urgency,
            roles=tuple(self.roles),
        )


class SimilaritySetting(models.Model):
    """相似案件设置: how near in place and time a case must be to be shown as similar; one row, or the default."""

    metres = models.PositiveSmallIntegerField(
        _("距离（米）"), default=Reach.metres, validators=[MinValueValidator(1), MaxValueValidator(2000)]
    )
    hours = models.PositiveSmallIntegerField(
        _("时间（小时）"), default=Reach.hours, validators=[MinValueValidator(1), MaxValueValidator(2160)]
    )
    with_confusable = models.BooleanField(
        _("包括易混类别"), default=Reach.with_confusable, help_text=_("如暴露垃圾与积存垃圾渣土。")
    )
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    class Meta:
        verbose_name = _("相似案件设置")
        verbose_name_plural = _("相似案件设置")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="similarity_setting_once")]

    def __str__(self) -> str:
        return f"{self.metres} m, {self.hours} h"


class OfCaseQuerySet(ScopedQuerySet):
    """Things of a case are seen by who sees the division of the case."""

    division_field = "case__division_code"


class Finding(models.Model):
    """识别与报警: what a camera, an analysis or a device said when it reported a case; stays in the city."""

    case = models.OneToOneField(Case, verbose_name=_("案件"), on_delete=models.CASCADE, primary_key=True)
    source = models.CharField(_("问题来源"), max_length=2, choices=Case.Source.choices)
    source_no = models.CharField(_("来源单号"), max_length=40)
    device = models.CharField(_("设备"), max_length=64, blank=True)
    confidence = models.DecimalField(_("置信度"), max_digits=4, decimal_places=3, null=True, blank=True)
    model_name = models.CharField(_("算法"), max_length=60, blank=True)
    taken_at = models.DateTimeField(_("登记时间"), default=timezone.now)

    objects = OfCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("识别与报警")
        verbose_name_plural = _("识别与报警")

    def __str__(self) -> str:
        return f"{self.source} {self.source_no}"


class LearntWord(models.Model):
    """学得的词: in how many closed cases of a class a word stood."""

    std_ref = models.CharField(_("分类标准版本"), max_length=20)
    kind = models.CharField(_("类别"), max_length=1, choices=ClassEntry.Kind.choices)
    class_code = models.CharField(_("分类代码"), max_length=5)
    word = models.CharField(_("词"), max_length=12)
    count = models.PositiveIntegerField(_("次数"), default=0)

    class Meta:
        verbose_name = _("学得的词")
        verbose_name_plural = _("学得的词")
        constraints = [
            models.UniqueConstraint(fields=["std_ref", "kind", "class_code", "word"], name="learnt_word_once")
        ]

    def __str__(self) -> str:
        return f"{self.class_code} {self.word} {self.count}"


class LearningState(models.Model):
    """学习进度: up to which closed case was learnt from; one row."""

    closed_at = models.DateTimeField(null=True)
    rid = models.UUIDField(null=True)
    cases = models.PositiveBigIntegerField(default=0)
    turn = models.PositiveBigIntegerField(default=0)
    """Grows with every change of the words, so that a process knows that its index is old."""

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="learning_state_once")]

    def __str__(self) -> str:
        return f"{self.cases}"


class DutyRule(models.Model):
    """责任表: cases of a class, at a place, at a time, go to an organisation."""

    kind = models.CharField(_("类别"), max_length=1, choices=ClassEntry.Kind.choices, blank=True)
    class_code = models.CharField(_("大类或小类代码"), max_length=5, blank=True)
    area = models.CharField(_("区划或网格"), max_length=15, blank=True)
    weekdays = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("星期"), default=list, blank=True)
    starts_at = models.TimeField(_("每日自"), null=True, blank=True)
    ends_at = models.TimeField(_("每日至"), null=True, blank=True)
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("失效日期"), null=True, blank=True)
    org_code = models.CharField(_("责任单位"), max_length=18)
    source = models.CharField(_("依据"), max_length=200, blank=True, help_text=_("文件名、会议纪要等。"))
    created_at = models.DateTimeField(_("录入时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("责任表")
        verbose_name_plural = _("责任表")
        ordering = ["class_code", "area", "-valid_from", "pk"]
        indexes = [models.Index(fields=["class_code", "area"], name="duty_rule_class")]

    def __str__(self) -> str:
        return f"{self.class_code or '*'} {self.area or '*'} → {self.org_code}"

    def duty(self) -> Duty:
        """The row as the rules know it."""
        return Duty(
            org_code=self.org_code,
            kind=self.kind,
            class_code=self.class_code,
            area=self.area,
            weekdays=tuple(self.weekdays),
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            valid_from=self.valid_from or date.min,
            valid_to=self.valid_to,
            pk=self.pk or 0,
        )


class Answer(models.Model):
    """答复: what the reporter of a case is told once the matter has ended, and whether it was."""

    class State(models.TextChoices):
        """Where an answer stands."""

        WAITING = "waiting", _("待答复")
        SENT = "sent", _("已答复")
        FAILED = "failed", _("未能送达")

    class Channel(models.TextChoices):
        """How the reporter is reached."""

        PHONE = Channel.PHONE.value, _("电话")
        APP = Channel.APP.value, _("App/小程序")
        LETTER = Channel.LETTER.value, _("书面")
        SYSTEM = Channel.SYSTEM.value, _("系统对接")

    class Outcome(models.TextChoices):
        """How the matter ended."""

        CLOSED = Outcome.CLOSED.value, _("已办结")
        REJECTED = Outcome.REJECTED.value, _("不予受理")
        VOIDED = Outcome.VOIDED.value, _("不再办理")

    class Satisfaction(models.TextChoices):
        """满意度 (5 to 1)."""

        VERY_GOOD = "5", _("非常满意")
        GOOD = "4", _("满意")
        FAIR = "3", _("一般")
        POOR = "2", _("不满意")
        VERY_POOR = "1", _("非常不满意")

    case = models.ForeignKey(Case, verbose_name=_("反映的案件"), on_delete=models.CASCADE, related_name="answers")
    main = models.ForeignKey(Case, verbose_name=_("主案件"), on_delete=models.CASCADE, related_name="+")
    """The case that ended: the same, or the one this report was joined to."""
    outcome = models.CharField(_("结果"), max_length=10, choices=Outcome.choices)
    channel = models.CharField(_("方式"), max_length=10, choices=Channel.choices)
    text = models.TextField(_("答复内容"))
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.WAITING)
    made_at = models.DateTimeField(_("生成时间"), default=timezone.now)
    told_at = models.DateTimeField(_("答复时间"), null=True, blank=True)
    told_by = models.BigIntegerField(_("答复人"), null=True, blank=True)
    note = models.CharField(_("备注"), max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(_("联系次数"), default=0)
    satisfaction = models.CharField(_("满意度"), max_length=1, choices=Satisfaction.choices, blank=True)
    visited_at = models.DateTimeField(_("回访时间"), null=True, blank=True)
    visit_note = models.CharField(_("回访记录"), max_length=500, blank=True)

    objects = OfCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("答复")
        verbose_name_plural = _("答复")
        ordering = ["-made_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["case", "main"], name="answer_once")]
        indexes = [models.Index(fields=["state", "-made_at", "-id"], name="answer_state")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.state}"
