"""Forms of signals."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from grid.signals.models import KIND_CHOICES, Signal
from grid.signals.rules.kinds import LONGEST_WINDOW, PARAMETERS, Terms
from grid.signals.selectors.words import PARAMETER_NAMES

ALL: tuple[str, Any] = ("", _("全部"))


class SignalFilter(forms.Form):
    """What the signals may be narrowed by."""

    kind = forms.ChoiceField(label=_("类别"), required=False, choices=[ALL, *KIND_CHOICES])
    state = forms.ChoiceField(label=_("状态"), required=False, choices=[ALL, *Signal.State.choices])
    org_code = forms.CharField(label=_("单位代码"), required=False, max_length=18)


class AnswerForm(forms.Form):
    """What the named one says."""

    text = forms.CharField(label=_("说明"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


class ReviewForm(forms.Form):
    """How a signal is closed, and why."""

    state = forms.ChoiceField(label=_("复核结果"), choices=Signal.State.choices)
    note = forms.CharField(
        label=_("复核意见"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("写明看了什么、为什么；当事人看得到。"),
    )

    def __init__(self, signal: Signal, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["state"]
        field.choices = [choice for choice in Signal.State.choices if choice[0] != signal.state]


class TermsForm(forms.Form):
    """The terms of one kind."""

    is_on = forms.BooleanField(label=_("启用"), required=False)
    window_days = forms.IntegerField(label=_("回看天数"), min_value=1, max_value=LONGEST_WINDOW)

    def __init__(self, terms: Terms, *args: Any, **kwargs: Any) -> None:
        now = {"is_on": terms.is_on, "window_days": terms.window_days, **terms.values}
        kwargs["initial"] = now
        super().__init__(*args, **kwargs)
        for one in PARAMETERS[terms.kind]:
            self.fields[one.name] = forms.IntegerField(
                label=str(PARAMETER_NAMES[one.name]), min_value=one.least, max_value=one.most,
                help_text=_("%(least)s 到 %(most)s，样例 %(sample)s")
                % {"least": one.least, "most": one.most, "sample": one.default},
            )  # fmt: skip
        self.fields["note"] = forms.CharField(label=_("修改原因"), max_length=200)
        self.names = tuple(one.name for one in PARAMETERS[terms.kind])

    def given(self) -> dict[str, Any]:
        """What the service is called with."""
        data = self.cleaned_data
        return {
            "is_on": data["is_on"],
            "window_days": data["window_days"],
            "note": data["note"],
            "values": {name: data[name] for name in self.names},
        }
