"""Dictionaries of the standard: versions, datasets with fields, code lists, classes, disposal rules."""

from decimal import Decimal
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from cityops.foundation.records import ExchangedRecord, mark_triggers


class Provenance(models.TextChoices):
    """Where a dictionary comes from 出处; what is not the printed standard is never called so."""

    STANDARD = "standard", _("标准原文")
    TRANSCRIBED = "transcribed", _("第三方转录")
    MUNICIPAL = "municipal", _("地方规定")
    DESIGNED = "designed", _("本产品设计")


class DictionaryVersionQuerySet(models.QuerySet["DictionaryVersion"]):
    """Words to ask for versions."""

    def default(self, kind: str) -> "DictionaryVersion | None":
        """The version that is used where none is named."""
        return self.filter(kind=kind, is_default=True).first()

    def visible_to(self, user: Any) -> Self:
        """Dictionaries are open to everyone who is signed in."""
        return self if getattr(user, "is_authenticated", False) else self.none()


class DictionaryVersion(models.Model):
    """字典版本: one loaded file of datasets, code lists, classes or rules, known by its content hash."""

    class Kind(models.TextChoices):
        """What a version holds."""

        DATASETS = "datasets", _("数据集与代码表")
        CLASSES = "classes", _("部件和事项分类")
        RULES = "rules", _("立案处置结案规则")

    kind = models.CharField(_("内容"), max_length=10, choices=Kind.choices)
    code = models.CharField(_("版本"), max_length=40)
    title = models.CharField(_("名称"), max_length=200)
    source = models.CharField(_("来源"), max_length=300)
    provenance = models.CharField(_("出处"), max_length=12, choices=Provenance.choices)
    valid_from = models.DateField(_("启用日期"))
    valid_to = models.DateField(_("停用日期"), null=True, blank=True)
    is_default = models.BooleanField(_("默认"), default=False)
    content_sha = models.BinaryField()
    head = models.JSONField(default=dict)
    content = models.JSONField(null=True)
    """The datasets and code lists themselves; classes and rules have tables of their own."""
    loaded_at = models.DateTimeField(_("载入时间"), auto_now=True)

    objects = DictionaryVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("字典版本")
        verbose_name_plural = _("字典版本")
        ordering = ["kind", "-valid_from", "code"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "code"], name="dictionary_version_once"),
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(is_default=True), name="dictionary_version_one_default"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class ClassEntryQuerySet(models.QuerySet["ClassEntry"]):
    """Words to ask for classes."""

    def in_force(self) -> Self:
        """Classes that may be used for new cases and components."""
        return self.filter(valid="1")

    def matters(self) -> Self:
        """Classes of matters 事项."""
        return self.filter(kind=ClassEntry.Kind.MATTER)

    def components(self) -> Self:
        """Classes of components 部件."""
        return self.filter(kind=ClassEntry.Kind.COMPONENT)

    def visible_to(self, user: Any) -> Self:
        """Dictionaries are open to everyone who is signed in."""
        return self if getattr(user, "is_authenticated", False) else self.none()


class ClassEntry(ExchangedRecord):
    """部件/事项分类 (JC08): one small class of one version of a class standard."""

    class Kind(models.TextChoices):
        """部件/事项 (CL_KIND)."""

        COMPONENT = "1", _("部件")
        MATTER = "2", _("事项")

    kind = models.CharField(_("类别"), max_length=1, choices=Kind.choices)
    version = models.CharField(_("标准版本"), max_length=20)
    class_code = models.CharField(_("分类代码"), max_length=5)
    class_name = models.CharField(_("名称"), max_length=40)
    class_name_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    big_code = models.CharField(_("大类代码"), max_length=2)
    big_name = models.CharField(_("大类名称"), max_length=40, blank=True)
    is_extension = models.CharField(_("是否扩展"), max_length=1, default="0")
    std_code = models.CharField(_("映射到国标代码"), max_length=5, blank=True)
    component_code = models.CharField(_("对应部件分类"), max_length=5, blank=True)
    provenance = models.CharField(_("出处"), max_length=12, choices=Provenance.choices, blank=True)
    valid = models.CharField(_("有效"), max_length=1, default="1")

    objects = ClassEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("分类")
        verbose_name_plural = _("分类")
        ordering = ["version", "kind", "class_code"]
        constraints = [models.UniqueConstraint(fields=["version", "kind", "class_code"], name="class_entry_once")]
        triggers = mark_triggers("JC08")

    def __str__(self) -> str:
        return f"{self.class_name} {self.class_code}"


class DisposalRuleQuerySet(models.QuerySet["DisposalRule"]):
    """Words to ask for rules."""

    def active(self) -> Self:
        """Rules that may be used for new cases: switched on, of the default rule set."""
        return self.filter(is_active=True, rule_set__is_default=True)

    def visible_to(self, user: Any) -> Self:
        """Rules are open to everyone who is signed in."""
        return self if getattr(user, "is_authenticated", False) else self.none()


class DisposalRule(models.Model):
    """立案处置结案规则: one filing condition of a class, its limit, its closing condition; an editable sample set."""

    class Unit(models.TextChoices):
        """How a limit is counted (grid.md §4.5)."""

        URGENT_HOUR = "urgent_hour", _("紧急工作时")
        URGENT_DAY = "urgent_day", _("紧急工作日")
        WORK_HOUR = "work_hour", _("工作时")
        WORK_DAY = "work_day", _("工作日")
        MINUTE = "minute", _("分钟")

    class Level(models.TextChoices):
        """How severe what a condition describes is; stages are those of a rule that grows with time."""

        URGENT = "urgent", _("紧急")
        ORDINARY = "ordinary", _("一般")
        RELAXED = "relaxed", _("放宽")
        STAGE_1 = "stage-1", _("第一阶段")
        STAGE_2 = "stage-2", _("第二阶段")
        STAGE_3 = "stage-3", _("第三阶段")

    rule_set = models.ForeignKey(DictionaryVersion, verbose_name=_("规则集"), on_delete=models.PROTECT)
    kind = models.CharField(_("类别"), max_length=1, choices=ClassEntry.Kind.choices)
    class_code = models.CharField(_("分类代码"), max_length=5)
    class_name = models.CharField(_("名称"), max_length=40)
    matter_codes = ArrayField(models.CharField(max_length=5), verbose_name=_("现行国标事项代码"), default=list)
    condition_no = models.PositiveSmallIntegerField(_("条件序号"))
    filing_condition = models.TextField(_("立案条件"))
    filing_condition_en = models.TextField(_("立案条件(英文)"), blank=True)
    closing_condition = models.TextField(_("结案条件"), blank=True)
    closing_condition_en = models.TextField(_("结案条件(英文)"), blank=True)
    level = models.CharField(_("等级"), max_length=10, choices=Level.choices)
    limit_value = models.DecimalField(_("处置时限"), max_digits=6, decimal_places=1, null=True)
    limit_unit = models.CharField(_("时限单位"), max_length=12, choices=Unit.choices, blank=True)
    limit_value_a = models.DecimalField(_("A 类区域处置时限"), max_digits=6, decimal_places=1, null=True, blank=True)
    limit_unit_a = models.CharField(_("A 类区域时限单位"), max_length=12, choices=Unit.choices, blank=True)
    limit_value_c = models.DecimalField(_("C 类区域处置时限"), max_digits=6, decimal_places=1, null=True, blank=True)
    limit_unit_c = models.CharField(_("C 类区域时限单位"), max_length=12, choices=Unit.choices, blank=True)
    """Limits of the classes of area that differ (CL_DEADLINE); without them ``limit_value`` holds, that of class B."""
    source = models.CharField(_("来源"), max_length=200, blank=True)
    is_active = models.BooleanField(_("启用"), default=True)
    is_edited = models.BooleanField(_("本市修改"), default=False, editable=False)
    """Changed here after loading: a later load of the same set leaves it as it is."""

    objects = DisposalRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("处置规则")
        verbose_name_plural = _("处置规则")
        ordering = ["class_code", "condition_no"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule_set", "kind", "class_code", "condition_no"], name="disposal_rule_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.class_name} {self.condition_no}"

    def limit_for(self, area_class: str) -> tuple[Decimal | None, str]:
        """The limit in a class of area and its unit: the class's own where it has one, otherwise the rule's."""
        own = {"A": (self.limit_value_a, self.limit_unit_a), "C": (self.limit_value_c, self.limit_unit_c)}
        value, unit = own.get(area_class, (None, ""))
        return (self.limit_value, self.limit_unit) if value is None else (value, unit)

    @property
    def has_area_limits(self) -> bool:
        """Whether classes of area differ."""
        return self.limit_value_a is not None or self.limit_value_c is not None
