"""What a person may do with a case, as forms: drawn from the table of moves, checked again by the service."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from grid.models import Case
from grid.rules.transitions import Action
from grid.selectors.moves import REASONS, OpenMove, disposal_organisations, rules_of
from sync.standard.models import DisposalRule

EFFECTS: dict[Action, str | Promise] = {
    Action.ACCEPT: _("案件进入待立案，立案时限开始计时。"),
    Action.REJECT: _("案件到此结束，不再流转；原因会留在流转记录里。"),
    Action.FILE: _("按所选立案条件确定处置时限，案件进入待派遣。"),
    Action.DISPATCH: _("处置时限从派遣起算，按工作日历推出截止时间。"),
    Action.SIGN: _("责任单位接收任务，开始处置。"),
    Action.RETURN: _("不属本单位职责等，退给派遣员重派；处置时限停止计时，请写明理由。"),
    Action.DISPATCH_AGAIN: _("派给其他单位，处置时限重新起算；派回原单位，接着剩余时限计时。请写明理由。"),
    Action.FEED_BACK: _("处置完成，等待核查。"),
    Action.SEND_CHECK: _("把核查任务发给采集员。"),
    Action.PASS_CHECK: _("现场已恢复，案件进入待结案。"),
    Action.FAIL_CHECK: _("退回原责任单位重新处置，处置时限不重新计算。"),
    Action.CLOSE: _("案件结束，并按是否超期计入结案率。"),
}
"""What happens when the button is pressed, said before it is."""
WARNINGS = frozenset({Action.REJECT, Action.RETURN, Action.FAIL_CHECK})


class MoveForm(forms.Form):
    """The inputs that one move asks for, no others."""

    duty_org = forms.ChoiceField(label=_("责任单位"))
    rule = forms.ChoiceField(label=_("立案条件"), widget=forms.RadioSelect)
    reason = forms.ChoiceField(label=_("原因"), choices=[("", _("请选择原因")), *REASONS.items()])
    opinion = forms.CharField(
        label=_("意见"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("写进流转记录，不能修改。"),
    )

    def __init__(self, case: Case, move: OpenMove, data: Any = None) -> None:
        super().__init__(data, auto_id=f"id_{move.action.value}_%s")
        for name in set(self.fields) - {*move.inputs, *move.optional}:
            del self.fields[name]
        for name, field in self.fields.items():
            field.required = name in move.inputs
        fields: Any = self.fields
        if "duty_org" in fields:
            fields["duty_org"].choices = [("", _("请选择责任单位")), *_departments()]
        if "rule" in fields:
            self._offer(rules_of(case), case.deadline_class)

    def _offer(self, rules: list[DisposalRule], area_class: str) -> None:
        """The filing conditions of the class, the first one chosen; without any the default limit holds."""
        field: Any = self.fields["rule"]
        field.choices = [(str(rule.pk), rule_label(rule, area_class)) for rule in rules]
        field.required = bool(rules)
        if rules:
            field.initial = str(rules[0].pk)
        else:
            field.widget = forms.HiddenInput()


def _departments() -> list[tuple[str, str]]:
    return [(row.org_code, row.name) for row in disposal_organisations()]


def rule_label(rule: DisposalRule, area_class: str = "") -> str:
    """A filing condition with its limit in a class of area: 丢失、错位 · 2 紧急工作时."""
    value, unit = rule.limit_for(area_class)
    limit = f"{value:g} {DisposalRule.Unit(unit).label}" if value is not None else ""
    return " · ".join(part for part in (rule.filing_condition, limit) if part)


@dataclass(frozen=True)
class Bound:
    """A form that came back with faults, of one move."""

    action: Action
    form: MoveForm


@dataclass(frozen=True)
class Option:
    """One thing a person may do now, as it is drawn."""

    action: str
    title: str
    effect: str | Promise
    form: MoveForm
    is_warning: bool


def options(case: Case, open_moves: Iterable[OpenMove], bound: Bound | None = None) -> list[Option]:
    """The forms of what the person may do now, in the order of the table."""
    return [
        Option(
            action=move.action.value,
            title=move.label,
            effect=EFFECTS.get(move.action, ""),
            form=bound.form if bound and bound.action is move.action else MoveForm(case, move),
            is_warning=move.action in WARNINGS,
        )
        for move in open_moves
    ]
