"""Forms of the exchange's pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sync.exchange.models import Parked
from sync.exchange.rules.places import prefix_of


class ParkedFilter(forms.Form):
    """Which parked records are listed."""

    dataset = forms.CharField(label=_("数据集"), required=False, max_length=6)
    owner = forms.CharField(label=_("归属节点"), required=False, max_length=14)
    state = forms.ChoiceField(label=_("状态"), required=False, choices=[("all", _("全部")), *Parked.State.choices])

    def conditions(self) -> dict[str, str]:
        """The chosen values as conditions of a query; what is not valid chooses nothing."""
        self.is_valid()
        names = {"dataset": "dataset", "owner": "owner_code__startswith", "state": "state"}
        return {names[name]: value for name, value in self.cleaned_data.items() if value and value != "all"}


class CodeForm(forms.Form):
    """For which child a one-time code is made."""

    child = forms.CharField(label=_("下级节点代码"), max_length=14, help_text=_("12 位区划代码加 -P 或 -C。"))

    def __init__(self, *args: Any, user: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_child(self) -> str:
        """A node code, inside the person's division."""
        child: str = self.cleaned_data["child"].strip()
        try:
            prefix_of(child)
        except ValueError as error:
            raise forms.ValidationError(_("请填写节点代码,例如 330100000000-C。")) from error
        if self.user is not None and not child.startswith(self.user.scope_prefix):
            raise forms.ValidationError(_("该节点不在您负责的区划内。"))
        return child


class ErasureForm(forms.Form):
    """Which record is erased, and why."""

    dataset = forms.CharField(label=_("数据集"), max_length=6)
    rid = forms.UUIDField(label=_("记录标识"))
    reason = forms.CharField(label=_("原因"), max_length=300)
