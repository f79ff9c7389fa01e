"""Forms of intake: the rule of a source, the reach of similar cases, a row of the duty table, an answer."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cityops.accounts.models import Role
from grid.intake.models import Answer, DutyRule, SimilaritySetting, SourceRule
from grid.intake.services.duty_files import LARGEST_FILE
from grid.selectors.moves import disposal_organisations

DAYS = [(str(number), label) for number, label in enumerate(
    (_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日")), start=1)]  # fmt: skip


class SourceForm(forms.ModelForm):
    """The city's own rule of one source."""

    roles = forms.MultipleChoiceField(
        label=_("可登记的角色"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("不选表示凡有上报权限的都可以。"),
    )

    class Meta:
        model = SourceRule
        fields = [
            "verify_first", "auto_accept", "may_file_directly", "needs_photo", "needs_reporter", "number_is_unique",
            "min_confidence", "default_urgency", "roles",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["roles"]
        field.choices = [(role.code, role.title) for role in Role.objects.all()]

    def _post_clean(self) -> None:
        """The service checks the row as a whole."""


class SimilarityForm(forms.ModelForm):
    """How near similar cases are."""

    class Meta:
        model = SimilaritySetting
        fields = ["metres", "hours", "with_confusable"]


class DutyForm(forms.ModelForm):
    """A row of the duty table."""

    kind = forms.ChoiceField(
        label=_("类别"), required=False, choices=[("", _("部件和事项")), ("2", _("事项")), ("1", _("部件"))]
    )
    weekdays = forms.MultipleChoiceField(
        label=_("星期"),
        required=False,
        choices=DAYS,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("不选表示每天。"),
    )
    org_code = forms.ChoiceField(label=_("责任单位"))

    class Meta:
        model = DutyRule
        fields = [
            "class_code", "kind", "area", "weekdays", "starts_at", "ends_at", "valid_from", "valid_to", "org_code",
            "source",
        ]  # fmt: skip
        help_texts = {
            "class_code": _("大类 2 位或小类代码；不填表示任何类别。"),
            "area": _("区划代码的 4、6、9、12 位，或网格代码 15 位；不填表示全市。"),
        }
        widgets = {
            "starts_at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "ends_at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "valid_from": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "valid_to": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["org_code"]
        field.choices = [("", _("请选择责任单位")), *((o.org_code, o.name) for o in disposal_organisations())]
        if not self.instance.pk:
            self.fields["valid_from"].initial = timezone.localdate

    def clean_weekdays(self) -> list[int]:
        """Days as numbers."""
        return [int(day) for day in self.cleaned_data["weekdays"]]

    def _post_clean(self) -> None:
        """The service checks the row as a whole."""


class DutyFilter(forms.Form):
    """What the duty table may be narrowed by."""

    class_code = forms.CharField(label=_("分类代码"), required=False, max_length=5)
    area = forms.CharField(label=_("区划或网格"), required=False, max_length=15)
    org_code = forms.CharField(label=_("责任单位"), required=False, max_length=18)


class DutyFileForm(forms.Form):
    """A workbook with rows of the duty table."""

    file = forms.FileField(
        label=_("责任表文件"),
        help_text=_("xlsx，表头与导出的文件相同；有一行有误则整份退回。"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx"}),
    )
    replace = forms.BooleanField(
        label=_("以文件为准"), required=False, help_text=_("删除文件里没有的行；不选则只增加。")
    )

    def clean_file(self) -> Any:
        """Refuse what is too large."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(_("文件太大，最大 4 MB。"))
        return file


class ReasonForm(forms.Form):
    """Why a row goes."""

    reason = forms.CharField(label=_("删除原因"), max_length=200)


class TellForm(forms.Form):
    """That a reporter was told, or not reached."""

    text = forms.CharField(label=_("答复内容"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
    note = forms.CharField(label=_("备注"), max_length=200, required=False)


class VisitForm(forms.Form):
    """A return visit."""

    satisfaction = forms.ChoiceField(label=_("满意度"), choices=Answer.Satisfaction.choices)
    note = forms.CharField(label=_("回访记录"), max_length=500, required=False)


class AnswerFilter(forms.Form):
    """What the answers may be narrowed by."""

    state = forms.ChoiceField(label=_("状态"), required=False, choices=[("", _("全部")), *Answer.State.choices])
    channel = forms.ChoiceField(label=_("方式"), required=False, choices=[("", _("全部")), *Answer.Channel.choices])
