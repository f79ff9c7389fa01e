"""What a person may do with a case, as forms: drawn from the table of moves, checked again by the service."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from grid.models import Case, CaseMedia
from grid.rules.transitions import Action
from grid.selectors.moves import REASONS, SATISFACTION, SUSPENSION_WORDS, OpenMove, disposal_organisations, rules_of
from grid.web.photo_fields import PhotosField
from sync.standard.models import DisposalRule

EFFECTS: dict[Action, str | Promise] = {
    Action.CORRECT: _("更正分类、位置或描述；原来的内容留在审计记录里。"),
    Action.SEND_VERIFY: _("先到现场核实；受理时限暂停，核实时限开始计时。"),
    Action.VERIFY_TRUE: _("情况属实，案件进入待立案。"),
    Action.VERIFY_FALSE: _("情况不属实，案件到此结束，并答复上报人。"),
    Action.ACCEPT: _("案件进入待立案，立案时限开始计时。"),
    Action.REJECT: _("案件到此结束，不再流转；原因会留在流转记录里。"),
    Action.MERGE: _("并入主案件；主案件结案时一并答复上报人。"),
    Action.SEND_BACK: _("退给受理员重新受理。"),
    Action.FILE: _("按所选立案条件确定处置时限，案件进入待派遣。"),
    Action.SELF_HANDLE: _("现场已自行处置，案件直接结案。"),
    Action.DISPATCH: _("处置时限从派遣起算，按工作日历推出截止时间。"),
    Action.ASSIGN_DISTRICT: _("转给所在区县的指挥中心派遣。"),
    Action.RETURN_TO_FILING: _("不属派遣范围或分类有误，退回立案。"),
    Action.DISPATCH_AGAIN: _("派给其他单位，处置时限重新起算；派回原单位，接着剩余时限计时。请写明理由。"),
    Action.SIGN: _("责任单位接收任务，开始处置。"),
    Action.APPLY_RETURN: _("不属本单位职责等，申请退给派遣员；审批期间处置时限停止计时，请写明理由。"),
    Action.APPROVE_RETURN: _("退回派遣员重派，记一次派遣差错。"),
    Action.REFUSE_RETURN: _("退还原单位，处置时限恢复计时。"),
    Action.APPLY_DELAY: _("须在截止前申请；批准后增加一个原时限。"),
    Action.APPROVE_DELAY: _("处置截止时间顺延一个原时限。"),
    Action.REFUSE_DELAY: _("处置截止时间不变，不占延期次数。"),
    Action.APPLY_SUSPENSION: _("季节性、工程性或条件不具备；批准后停止计时，进入问题库。"),
    Action.APPROVE_SUSPENSION: _("处置时限停止计时，到期自动恢复。"),
    Action.REFUSE_SUSPENSION: _("继续处置，处置时限不变。"),
    Action.RESUME: _("恢复处置，截止时间按暂停的时长顺延。"),
    Action.APPLY_VOID: _("申请作废，由值班长审批。"),
    Action.APPROVE_VOID: _("案件作废，不计入应结案，列入作废台账。"),
    Action.REFUSE_VOID: _("不作废，继续办理。"),
    Action.WITHDRAW: _("撤回申请，回到申请前。"),
    Action.FEED_BACK: _("处置完成，等待核查。"),
    Action.SEND_CHECK: _("把核查任务发给采集员。"),
    Action.REWORK: _("未达到结案条件，退回原责任单位返工。"),
    Action.PASS_CHECK: _("现场已恢复，案件进入待结案。"),
    Action.FAIL_CHECK: _("退回原责任单位重新处置，处置时限不重新计算。"),
    Action.CLOSE: _("案件结束，并按是否超期计入结案率。"),
    Action.RETURN_TO_CHECK: _("核查不充分，退回重新核查。"),
    Action.FORCE_CLOSE: _("由领导强制结案，单独统计，请写明理由。"),
    Action.URGE: _("提醒责任单位，记一次催办。"),
    Action.SUPERVISE: _("要求责任单位限时答复，单独跟踪。"),
    Action.ANSWER_SUPERVISION: _("答复督办意见。"),
    Action.APPEAL: _("处置超期但有正当理由，可申诉一次；事实保留，统计豁免。"),
    Action.APPROVE_APPEAL: _("统计中不计本次处置超期，事实保留。"),
    Action.REFUSE_APPEAL: _("维持超期结论。"),
    Action.REOPEN: _("原案保持结案，另立新一轮，进入待派遣。"),
    Action.RETURN_VISIT: _("记录上报人的满意度。"),
}
"""What happens when the button is pressed, said before it is."""
WARNINGS = frozenset(
    {
        Action.REJECT,
        Action.VERIFY_FALSE,
        Action.APPLY_RETURN,
        Action.REWORK,
        Action.FAIL_CHECK,
        Action.APPROVE_VOID,
        Action.APPLY_VOID,
        Action.FORCE_CLOSE,
    }
)


MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
"""How a browser, and a person, write a moment."""


USAGES: dict[Action, str] = {
    Action.VERIFY_TRUE: CaseMedia.Usage.VERIFY,
    Action.VERIFY_FALSE: CaseMedia.Usage.VERIFY,
    Action.FEED_BACK: CaseMedia.Usage.HANDLE,
    Action.PASS_CHECK: CaseMedia.Usage.CHECK,
    Action.FAIL_CHECK: CaseMedia.Usage.CHECK,
    Action.APPLY_RETURN: CaseMedia.Usage.OTHER,
    Action.APPLY_DELAY: CaseMedia.Usage.OTHER,
    Action.APPLY_SUSPENSION: CaseMedia.Usage.OTHER,
}
"""Moves that may bring photos, and what the photos are evidence of."""
PHOTO_FIELDS = frozenset({"photos", "photos_before", "photos_after"})


def photo_usages(action: Action) -> dict[str, str]:
    """The photo fields of a move's form, and what their photos are evidence of."""
    if action is Action.SELF_HANDLE:
        return {"photos_before": CaseMedia.Usage.SELF_BEFORE, "photos_after": CaseMedia.Usage.SELF_AFTER}
    return {"photos": USAGES[action]} if action in USAGES else {}


class MoveForm(forms.Form):
    """The inputs that one move asks for, no others."""

    duty_org = forms.ChoiceField(label=_("责任单位"))
    rule = forms.ChoiceField(label=_("立案条件"), widget=forms.RadioSelect)
    reason = forms.ChoiceField(label=_("原因"), choices=[("", _("请选择原因")), *REASONS.items()])
    assist_orgs = forms.MultipleChoiceField(label=_("协办单位"), widget=forms.SelectMultiple(attrs={"size": 4}))
    handler = forms.CharField(label=_("处置人（用户名）"), max_length=150)
    assignee = forms.CharField(label=_("采集员（用户名）"), max_length=150, help_text=_("不填则按值守自动指派。"))
    main_case = forms.CharField(label=_("主案件号"), max_length=24)
    why = forms.ChoiceField(label=_("缓办原因"), choices=[("", _("请选择原因")), *SUSPENSION_WORDS.items()])
    until = forms.DateField(label=_("缓办至"), widget=forms.DateInput(attrs={"type": "date"}))
    due_at = forms.DateTimeField(
        label=_("要求答复时间"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}), input_formats=MOMENTS
    )
    satisfaction = forms.ChoiceField(label=_("满意度"), choices=[("", _("请选择")), *SATISFACTION.items()])
    class_code = forms.CharField(label=_("分类代码"), max_length=5)
    kind = forms.ChoiceField(label=_("类别"), choices=[("", _("不变")), *Case.Kind.choices])
    description = forms.CharField(label=_("问题描述"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
    address = forms.CharField(label=_("位置"), max_length=256)
    longitude = forms.FloatField(label=_("经度"), widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    latitude = forms.FloatField(label=_("纬度"), widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    opinion = forms.CharField(
        label=_("意见"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("写进流转记录，不能修改。"),
    )

    photos_before = PhotosField(label=_("处置前照片"))
    photos_after = PhotosField(label=_("处置后照片"))
    photos = PhotosField(label=_("现场照片"))

    def __init__(self, case: Case, move: OpenMove, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, auto_id=f"id_{move.action.value}_%s")
        self.usages = photo_usages(move.action)
        for name in set(self.fields) - {*move.inputs, *move.optional, *self.usages}:
            del self.fields[name]
        for name, field in self.fields.items():
            field.required = name in move.inputs or (name in PHOTO_FIELDS and move.photos > 0)
        fields: Any = self.fields
        if "duty_org" in fields:
            fields["duty_org"].choices = [("", _("请选择责任单位")), *_departments()]
        if "assist_orgs" in fields:
            fields["assist_orgs"].choices = _departments()
        if "rule" in fields:
            self._offer(rules_of(case))

    def _offer(self, rules: list[DisposalRule]) -> None:
        """The filing conditions of the class, the first one chosen; without any the default limit holds."""
        field: Any = self.fields["rule"]
        field.choices = [(str(rule.pk), rule_label(rule)) for rule in rules]
        field.required = bool(rules)
        if rules:
            field.initial = str(rules[0].pk)
        else:
            field.widget = forms.HiddenInput()


def _departments() -> list[tuple[str, str]]:
    return [(row.org_code, row.name) for row in disposal_organisations()]


def rule_label(rule: DisposalRule) -> str:
    """A filing condition with its limit: 丢失、错位 · 2 紧急工作时."""
    limit = f"{rule.limit_value:g} {rule.get_limit_unit_display()}" if rule.limit_value is not None else ""
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
