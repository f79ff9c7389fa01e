"""Forms about reporters."""

from django import forms
from django.utils.translation import gettext_lazy as _


class PhoneForm(forms.Form):
    """A number to look for; it travels in the body, never in an address."""

    phone = forms.CharField(
        label=_("联系电话"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        help_text=_("完整号码；找出由它反映过的案件。"),
    )


class OpenForm(forms.Form):
    """Why a record is opened."""

    reason = forms.CharField(
        label=_("查看原因"),
        max_length=200,
        help_text=_("会记入审计，并和您的姓名一起显示在这条记录上。不要写姓名和电话。"),
    )


class DisputeForm(forms.Form):
    """Why a record is kept beyond its time, or no longer."""

    reason = forms.CharField(label=_("说明"), max_length=200, help_text=_("例如：投诉复核、行政复议或诉讼未了结。"))


class QuestionForm(forms.Form):
    """What shall be asked or told."""

    question = forms.CharField(
        label=_("需要联系的事项"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("受理员或话务员会代为联系，并把结果写在这里；处置单位看不到姓名和电话。"),
    )


class AnswerForm(forms.Form):
    """What came of the call."""

    answer = forms.CharField(
        label=_("联系结果"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("只写结果，不要写姓名和电话。"),
    )
