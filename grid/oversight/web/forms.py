"""Forms of oversight."""

from django import forms
from django.utils.translation import gettext_lazy as _

from grid.oversight.models import SupervisionTask
from grid.oversight.services.issuing import LONGEST


class IssueForm(forms.Form):
    """What a superior asks about a case."""

    case_no = forms.CharField(label=_("案件号"), max_length=24, help_text=_("下级城市已上报、尚未结束的案件。"))
    opinion = forms.CharField(label=_("督办意见"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 4}))
    due_at = forms.DateTimeField(
        label=_("要求答复时间"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    task_type = forms.ChoiceField(
        label=_("督办类型"), choices=SupervisionTask.Type.choices, initial=SupervisionTask.Type.ONLINE
    )


class WithdrawForm(forms.Form):
    """Why it is taken back."""

    reason = forms.CharField(label=_("撤销原因"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 2}))
