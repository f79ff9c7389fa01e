"""Forms of the standard: filters of its lists, the edit form of a rule."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from sync.standard.models import ClassEntry, DictionaryVersion, DisposalRule
from sync.standard.services.editing import EDITABLE, LIMITS, NEEDS_UNIT, limit_fault

EVERYTHING = ("", _("全部"))


class Filter(forms.Form):
    """A filter form whose values stand in the address; what is not understood is left out."""

    q = forms.CharField(label=_("查找"), required=False, max_length=60)

    @property
    def chosen(self) -> dict[str, Any]:
        """The values that were given and understood."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}


class ClassFilter(Filter):
    """Narrow the list of classes."""

    version = forms.ChoiceField(label=_("标准版本"), required=False)
    kind = forms.ChoiceField(label=_("类别"), required=False, choices=[EVERYTHING, *ClassEntry.Kind.choices])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        versions = DictionaryVersion.objects.filter(kind=DictionaryVersion.Kind.CLASSES).values_list("code", flat=True)
        field: Any = self.fields["version"]
        field.choices = [EVERYTHING, *((code, code) for code in versions)]

    def narrowed(self, rows: QuerySet[ClassEntry]) -> QuerySet[ClassEntry]:
        """The rows that the chosen values leave."""
        chosen = self.chosen
        q = chosen.pop("q", "")
        rows = rows.filter(**chosen)
        if q:
            rows = rows.filter(Q(class_code__startswith=q) | Q(class_name__icontains=q) | Q(class_name_en__icontains=q))
        return rows


class RuleFilter(Filter):
    """Narrow the list of rules of one rule set."""

    rule_set = forms.ChoiceField(label=_("规则集"), required=False)
    kind = forms.ChoiceField(label=_("类别"), required=False, choices=[EVERYTHING, *ClassEntry.Kind.choices])
    level = forms.ChoiceField(label=_("等级"), required=False, choices=[EVERYTHING, *DisposalRule.Level.choices])
    is_edited = forms.ChoiceField(label=_("来源"), required=False, choices=[EVERYTHING, ("1", _("本市修改过"))])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sets = DictionaryVersion.objects.filter(kind=DictionaryVersion.Kind.RULES).values_list("code", "title")
        field: Any = self.fields["rule_set"]
        field.choices = list(sets)

    def narrowed(self, rows: QuerySet[DisposalRule]) -> QuerySet[DisposalRule]:
        """The rows that the chosen values leave."""
        chosen = self.chosen
        q = chosen.pop("q", "")
        rows = rows.filter(**{"rule_set__code" if name == "rule_set" else name: chosen[name] for name in chosen})
        if q:
            words = Q(class_name__icontains=q) | Q(filing_condition__icontains=q) | Q(filing_condition_en__icontains=q)
            rows = rows.filter(words | Q(class_code__startswith=q) | Q(matter_codes__contains=[q]))
        return rows


class RuleForm(forms.ModelForm):
    """Edit one disposal rule; the reason goes into the audit trail."""

    level = forms.ChoiceField(label=_("等级"), choices=DisposalRule.Level.choices)
    reason = forms.CharField(
        label=_("修改原因"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("写入审计记录，例如依据的文件名称和文号。"),
    )

    class Meta:
        model = DisposalRule
        fields = EDITABLE
        widgets = {
            name: forms.Textarea(attrs={"rows": 2})
            for name in ("filing_condition", "filing_condition_en", "closing_condition", "closing_condition_en")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, _unit in LIMITS:
            self.fields[name].required = False
            self.fields[name].widget.attrs["min"] = "0.1"
        self.fields["limit_value"].label = _("处置时限(B 类及未另定的区域)")

    def clean(self) -> dict[str, Any]:
        """A limit and its unit stand together."""
        cleaned = super().clean() or {}
        for name, unit in LIMITS:
            if fault := limit_fault(cleaned.get(name), cleaned.get(unit) or ""):
                self.add_error(unit if fault[0] == NEEDS_UNIT else name, fault[1])
            if cleaned.get(name) is not None and cleaned.get("limit_value") is None:
                self.add_error(name, str(_("先填写一般区域(B 类)的处置时限，再填写其他类别的。")))
        return cleaned

    @property
    def changes(self) -> dict[str, Any]:
        """The values to store."""
        return {name: self.cleaned_data[name] for name in EDITABLE}


class NewRuleForm(RuleForm):
    """A rule for a class of the default class standard."""

    kind = forms.ChoiceField(label=_("类别"), choices=ClassEntry.Kind.choices)
    class_code = forms.CharField(label=_("分类代码"), max_length=5)
    field_order = ("kind", "class_code")
