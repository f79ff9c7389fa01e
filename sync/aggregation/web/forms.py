"""Forms of aggregation."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sync.aggregation.models import CodeMapping, DatasetPlan, IssueAnswer, QualityIssue
from sync.aggregation.rules.rulebook import CLAUSES, Rule
from sync.aggregation.services.answering import LONGEST, SHORT

ALL = ("", _("全部"))


class FindingFilter(forms.Form):
    """Which findings are listed."""

    owner = forms.CharField(label=_("归属节点"), required=False, max_length=14)
    dataset = forms.CharField(label=_("数据集"), required=False, max_length=6)
    clause = forms.ChoiceField(label=_("质量规则"), required=False, choices=[ALL, *((c, c) for c in CLAUSES)])
    rule = forms.CharField(label=_("规则代码"), required=False, max_length=20)
    state = forms.ChoiceField(
        label=_("状态"), required=False, choices=[("open", _("未消除")), ("gone", _("已消除")), ("all", _("全部"))]
    )

    def chosen(self) -> dict[str, str]:
        """The values that were understood."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class RuleForm(forms.Form):
    """What may be changed about a rule."""

    severity = forms.ChoiceField(label=_("严重度"), choices=QualityIssue.Severity.choices)
    effect = forms.ChoiceField(label=_("处理"), choices=[("issue", _("生成问题单")), ("score", _("只计分"))])
    grace_hours = forms.IntegerField(
        label=_("宽限(小时)"), min_value=0, max_value=720, help_text=_("问题持续这么久才生成问题单。")
    )
    params = forms.CharField(label=_("参数"), widget=forms.Textarea(attrs={"rows": 4}), help_text=_("JSON。"))
    is_active = forms.BooleanField(label=_("启用"), required=False)
    reason = forms.CharField(label=_("原因"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, rule: Rule, **kwargs: Any) -> None:
        values = {name: getattr(rule, name) for name in ("severity", "effect", "grace_hours", "is_active")}
        initial = {**values, "params": json.dumps(rule.params, ensure_ascii=False)}
        super().__init__(*args, **{**kwargs, "initial": initial})

    def clean_params(self) -> dict[str, Any]:
        """An object of JSON."""
        try:
            found = json.loads(self.cleaned_data["params"])
        except ValueError as error:
            raise forms.ValidationError(_("不是 JSON：%s") % error) from error
        if not isinstance(found, dict):
            raise forms.ValidationError(_('参数是一个 JSON 对象，例如 {"metres": 500}。'))
        return found


class AnswerForm(forms.Form):
    """What a node says to an issue."""

    kind = forms.ChoiceField(label=_("答复类型"), choices=IssueAnswer.Kind.choices)
    content = forms.CharField(label=_("说明"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 4}))


class ConclusionForm(forms.Form):
    """Why an issue is closed or sent back."""

    conclusion = forms.CharField(label=_("结论"), max_length=SHORT, widget=forms.Textarea(attrs={"rows": 2}))


class DueFilter(forms.Form):
    """Which rows of the due list are shown."""

    node = forms.CharField(label=_("节点"), required=False, max_length=14)
    dataset = forms.CharField(label=_("数据集"), required=False, max_length=6)
    state = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[
            ALL,
            ("missing", _("缺报")),
            ("late", _("迟报")),
            ("ok", _("正常报送")),
            ("none", _("无需报送")),
            ("off", _("未订阅")),
        ],
    )

    def chosen(self) -> dict[str, str]:
        """The values that were understood."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class PlanForm(forms.Form):
    """Whether and how often a node sends a dataset."""

    is_subscribed = forms.BooleanField(label=_("订阅"), required=False)
    frequency = forms.ChoiceField(label=_("频次"), choices=DatasetPlan.Frequency.choices)
    note = forms.CharField(label=_("说明"), required=False, max_length=300)
    reason = forms.CharField(label=_("原因"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class MappingForm(forms.Form):
    """What a node's local class means."""

    node = forms.CharField(label=_("节点"), max_length=14)
    kind = forms.ChoiceField(label=_("类别"), choices=CodeMapping.Kind.choices)
    local_code = forms.CharField(label=_("本地代码"), max_length=20)
    local_name = forms.CharField(label=_("本地名称"), required=False, max_length=60)
    version = forms.CharField(label=_("标准版本"), max_length=20, initial="GB/T 47678.5-2026")
    class_code = forms.CharField(label=_("标准代码"), max_length=5)
    valid_from = forms.DateField(
        label=_("启用日期"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
