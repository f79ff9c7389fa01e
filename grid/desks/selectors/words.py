"""Desks, tabs and reasons in words."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from cityops.accounts.roles import ROLES
from grid.desks.rules.why import Why, why_not
from grid.models import Case, CaseApplication
from grid.rules.actions import Move
from grid.rules.stages import Stage

Words = str | Promise
DESK_WORDS: Mapping[str, Words] = {
    "acceptor": _lazy("受理台"),
    "duty_leader": _lazy("值班长台"),
    "dispatcher": _lazy("派遣台"),
    "department": _lazy("部门任务"),
    "supervision": _lazy("督办台"),
}
TAB_WORDS: Mapping[str, Words] = {
    "accept": _lazy("待受理"),
    "file": _lazy("待立案"),
    "verifying": _lazy("核实中"),
    "send_check": _lazy("待发核查"),
    "close": _lazy("待结案"),
    "decide": _lazy("待审批"),
    "late": _lazy("已超时"),
    "dispatch": _lazy("待派遣"),
    "with_department": _lazy("部门办理中"),
    "suspended": _lazy("缓办中"),
    "sign": _lazy("待签收"),
    "handle": _lazy("处置中"),
    "supervised": _lazy("督办案件"),
}


def stages_in_words(move: Move) -> str:
    """The stages from which a move is made."""
    return _("、").join(str(Case.State(stage.value).label) for stage in Stage if stage in move.from_stages)


def why_in_words(move: Move, case: Case, *, is_on: bool, is_permitted: bool) -> str:
    """Why a move is not open with a case, and what would open it."""
    why = why_not(move, stage=Stage(case.state), pending=case.pending, is_on=is_on, is_permitted=is_permitted)
    if why is Why.STAGE:
        return _("“%s”时可用") % stages_in_words(move)
    if why is Why.WAITING:
        return _("有待审批的申请（%s），审批或撤回之后可用") % CaseApplication.Kind(case.pending).label
    if why is Why.NOTHING_WAITS:
        return _("没有待审批的申请")
    if why is Why.OFF:
        return _("流程没有启用")
    if why is Why.PERMISSION:
        names = {role.code: str(role.name) for role in ROLES}
        return _("由%s办理") % _("、").join(names.get(code, code) for code in move.roles)
    return _("不属您办理（本人或本单位的案件、责任单位或审批级别不符）")
