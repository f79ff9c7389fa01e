"""Forms of the clocks: yellow share, stage limits, class of area."""

import re
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from grid.models import AreaClass
from sync.standard.models import DisposalRule

STAGES: dict[str, str | Promise] = {
    "accept": _("受理"),
    "verify": _("核实"),
    "file": _("立案"),
    "dispatch": _("派遣"),
    "decide": _("审批申请"),
    "send_check": _("下发核查"),
    "check": _("核查"),
    "close": _("结案"),
    "supervise_answer": _("督办答复"),
}
"""The stages that have a limit, in the order of the way of a case."""
ALL_AREAS = ("", _("全部(未另定的)"))


class YellowForm(forms.Form):
    """The share of a limit after which lights turn yellow."""

    yellow_percent = forms.IntegerField(
        label=_("黄灯起点(%)"),
        min_value=1,
        max_value=99,
        help_text=_("时限用去这个比例以后亮黄灯；超过 100% 亮红灯，不可设置。"),
    )


class StageLimitForm(forms.Form):
    """The limit of one stage in one class of area."""

    stage = forms.ChoiceField(label=_("环节"), choices=list(STAGES.items()))
    area_class = forms.ChoiceField(label=_("区域类别"), required=False, choices=[ALL_AREAS, *AreaClass.choices])
    value = forms.DecimalField(
        label=_("时限"),
        required=False,
        max_digits=6,
        decimal_places=1,
        help_text=_("留空则取消这一条：该类区域按“全部”计，“全部”按样例计。"),
    )
    unit = forms.ChoiceField(label=_("单位"), choices=DisposalRule.Unit.choices)


class AreaForm(forms.Form):
    """Which grids get which class of area."""

    area_class = forms.ChoiceField(label=_("区域类别"), choices=AreaClass.choices)
    division = forms.CharField(
        label=_("区划代码"), required=False, max_length=12, help_text=_("该区划内全部有效单元网格。")
    )
    grid_codes = forms.CharField(
        label=_("或单元网格编码"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("每行一个，或用逗号、空格隔开。"),
    )

    def clean_grid_codes(self) -> list[str]:
        """The codes one by one."""
        return [code for code in re.split(r"[\s,，、;；]+", self.cleaned_data["grid_codes"]) if code]

    def clean(self) -> dict[str, Any]:
        """One of both."""
        cleaned = super().clean() or {}
        if bool(cleaned.get("division")) == bool(cleaned.get("grid_codes")):
            self.add_error("division", str(_("请给出一个区划代码，或一组单元网格编码，二者选一。")))
        return cleaned
