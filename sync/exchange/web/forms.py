"""Forms of the exchange's pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sync.exchange.models import Alarm, Comparison, Conflict, Parked
from sync.exchange.models.alarms import AlarmQuerySet
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


class ConflictFilter(forms.Form):
    """Which conflicts are listed."""

    dataset = forms.CharField(label=_("数据集"), required=False, max_length=6)
    state = forms.ChoiceField(label=_("状态"), required=False, choices=[("all", _("全部")), *Conflict.State.choices])

    def conditions(self) -> dict[str, str]:
        """The chosen values as conditions of a query; what is not valid chooses nothing."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value and value != "all"}


class StatementFilter(forms.Form):
    """Which comparisons are listed."""

    owner = forms.CharField(label=_("归属节点"), required=False, max_length=14)
    dataset = forms.CharField(label=_("数据集"), required=False, max_length=6)
    result = forms.ChoiceField(label=_("结果"), required=False, choices=[("", _("全部")), *Comparison.Result.choices])

    def conditions(self) -> dict[str, str]:
        """The chosen values as conditions of a query; what is not valid chooses nothing."""
        if not self.is_valid():
            return {}
        names = {"owner": "owner_code__startswith", "dataset": "dataset", "result": "result"}
        return {names[name]: value for name, value in self.cleaned_data.items() if value}


class AlarmFilter(forms.Form):
    """Which alarms are listed."""

    kind = forms.ChoiceField(label=_("类型"), required=False, choices=[("", _("全部")), *Alarm.Kind.choices])
    node = forms.CharField(label=_("节点"), required=False, max_length=14)
    state = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[("standing", _("未解除")), *Alarm.State.choices, ("all", _("全部"))],
    )

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the state chooses."""
        return self.is_valid() and bool(self.cleaned_data["kind"] or self.cleaned_data["node"])

    def narrowed(self, alarms: AlarmQuerySet) -> AlarmQuerySet:
        """The chosen ones; what is not valid chooses nothing."""
        if not self.is_valid():
            return alarms
        kind, node, state = (self.cleaned_data[name] for name in ("kind", "node", "state"))
        if kind:
            alarms = alarms.filter(kind=kind)
        if node:
            alarms = alarms.filter(node_code__startswith=node)
        if state in Alarm.State.values:
            return alarms.filter(state=state)
        return alarms if state == "all" else alarms.standing()


class CodeForm(forms.Form):
    """For which child a one-time code is made."""

    child = forms.CharField(label=_("下级节点代码"), max_length=14, help_text=_("12 位区划代码加 -P 或 -C。"))

    suite = forms.ChoiceField(
        label=_("密码套件"),
        required=False,
        choices=[("", _("与本节点相同")), ("intl", "Ed25519 · SHA-256"), ("gm", _("国密 SM2 · SM3"))],
    )

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
