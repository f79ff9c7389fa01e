"""Forms of duty."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cityops.accounts.models import Organisation, User
from grid.duty.models import DutyGrid, EvaluationGrid, PatrolPlan, Shift
from grid.duty.selectors.roster import active_shifts, supervisors_for

ANY = ("", _("全部"))
WEEKDAYS = [
    ("1", _("周一")),
    ("2", _("周二")),
    ("3", _("周三")),
    ("4", _("周四")),
    ("5", _("周五")),
    ("6", _("周六")),
    ("7", _("周日")),
]
CODES_HELP = _("在地图上点选单元网格,或粘贴编码(以逗号、空格或换行分隔)。")


def day_field(label: Any, **more: Any) -> forms.DateField:
    """A day, with the browser's own calendar."""
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}), **more)


def time_field(label: Any) -> forms.TimeField:
    """A time of day."""
    return forms.TimeField(label=label, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))


class DutyGridFilter(forms.Form):
    """What the list of responsibility grids may be narrowed by."""

    q = forms.CharField(label=_("编码或名称"), required=False, max_length=60)
    division = forms.CharField(label=_("区划代码"), required=False, max_length=12)
    kind = forms.ChoiceField(label=_("类型"), required=False, choices=[ANY, *DutyGrid.Kind.choices])
    state = forms.ChoiceField(
        label=_("状态"), required=False, choices=[ANY, ("current", _("启用")), ("retired", _("已停用"))]
    )


class CodesForm(forms.Form):
    """Unit grids that are chosen on the map, pasted, or taken from a community."""

    community = forms.CharField(
        label=_("取自社区或街道"),
        required=False,
        max_length=12,
        help_text=_("填写社区(12 位)或街道(9 位)代码,把其中全部单元网格加入所选。"),
    )
    codes = forms.CharField(
        label=_("单元网格"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "data-duty-codes": ""}),
        max_length=20_000,
        help_text=CODES_HELP,
    )


class DutyGridForm(CodesForm):
    """A responsibility grid."""

    name = forms.CharField(label=_("名称"), max_length=60)
    grid_kind = forms.ChoiceField(label=_("网格类型"), choices=DutyGrid.Kind.choices)
    org_code = forms.ChoiceField(label=_("责任单位"))
    leader = forms.CharField(label=_("网格负责人"), max_length=40, required=False, help_text=_("只在本市使用,不上报。"))
    valid_from = day_field(_("启用日期"), required=False)
    field_order = ["name", "grid_kind", "org_code", "leader", "valid_from", "community", "codes"]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Organisation.objects.active().visible_to(user).order_by("name").values_list("org_code", "name")
        self.fields["org_code"].choices = [(code, f"{name} {code}") for code, name in rows]  # type: ignore[attr-defined]


class EvaluationGridForm(CodesForm):
    """An evaluation grid."""

    name = forms.CharField(label=_("名称"), max_length=60, required=False)
    grid_type = forms.ChoiceField(label=_("类型"), choices=EvaluationGrid.Type.choices)
    eval_year = forms.CharField(label=_("评价年度"), min_length=4, max_length=4)
    road_grade = forms.CharField(label=_("道路/区域等级"), max_length=1, required=False)
    pop_band = forms.CharField(label=_("人口密度档"), max_length=1, required=False)
    field_order = ["name", "grid_type", "eval_year", "road_grade", "pop_band", "community", "codes"]


class ReasonForm(forms.Form):
    """Why something ends."""

    reason = forms.CharField(label=_("原因"), max_length=200)


class ShiftForm(forms.Form):
    """A shift."""

    name = forms.CharField(label=_("班次"), max_length=20)
    starts_at = time_field(_("开始"))
    ends_at = time_field(_("结束"))
    days = forms.ChoiceField(label=_("适用日"), choices=Shift.RunsOn.choices)
    weekdays = forms.MultipleChoiceField(
        label=_("每周"),
        choices=WEEKDAYS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("适用日为“每周指定日”时选择。"),
    )


class PeopleForm(forms.Form):
    """A form that names somebody who patrols."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [(p.username, f"{p.name or p.username} ({p.username})") for p in supervisors_for(user)]
        for name in ("supervisor", "substitute"):
            if name in self.fields:
                first = [("", "—")] if not self.fields[name].required else []
                self.fields[name].choices = [*first, *people]  # type: ignore[attr-defined]
        if "shift" in self.fields:
            self.fields["shift"].choices = [  # type: ignore[attr-defined]
                (shift.pk, f"{shift.name} {shift.starts_at:%H:%M}–{shift.ends_at:%H:%M}") for shift in active_shifts()
            ]


class AssignForm(PeopleForm):
    """One entry of the roster, on the page of a grid's day."""

    shift = forms.ChoiceField(label=_("班次"))
    supervisor = forms.ChoiceField(label=_("监督员"))


class SubstituteForm(PeopleForm):
    """Who stands in."""

    substitute = forms.ChoiceField(label=_("替班人"), required=False)
    reason = forms.CharField(label=_("替班原因"), max_length=200, required=False)


class WeekForm(PeopleForm):
    """A repeating week."""

    grid = forms.CharField(label=_("责任网格编码"), max_length=18)
    shift = forms.ChoiceField(label=_("班次"))
    supervisor = forms.ChoiceField(label=_("监督员"))
    weekdays = forms.MultipleChoiceField(
        label=_("每周"), choices=WEEKDAYS, widget=forms.CheckboxSelectMultiple, initial=list("12345")
    )
    first = day_field(_("自"))
    last = day_field(_("至"))


class CopyForm(forms.Form):
    """A week of the roster to repeat."""

    monday = day_field(_("复制这一周"), help_text=_("所选日期所在的一周(周一至周日)。"))
    first = day_field(_("自"))
    last = day_field(_("至"))


class RosterFileForm(forms.Form):
    """A roster as a workbook."""

    file = forms.FileField(
        label=_("排班表"),
        help_text=_("xlsx,列名为 日期、班次、责任网格编码、登录名;其余列不读取。最大 2 MB。"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx"}),
    )


class CoverageFilter(forms.Form):
    """What coverage is shown of."""

    first = day_field(_("自"), required=False)
    last = day_field(_("至"), required=False)
    division = forms.CharField(label=_("区划代码"), required=False, max_length=12)
    shift = forms.ChoiceField(label=_("班次"), required=False)
    by = forms.ChoiceField(
        label=_("汇总"),
        required=False,
        choices=[("grid", _("按责任网格")), ("day", _("按日")), ("shift", _("按班次")), ("each", _("逐班次明细"))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shift"].choices = [ANY, *((str(s.pk), s.name) for s in Shift.objects.all())]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A period of at most three months, by default the last seven days."""
        asked: dict[str, Any] = super().clean() or {}
        first, last = asked.get("first"), asked.get("last")
        if first and last and not dt.timedelta(0) <= last - first <= dt.timedelta(days=92):
            raise forms.ValidationError(_("起止日期应先后有序,且不超过 92 天。"))
        return asked


class PlanForm(CodesForm):
    """A patrol plan."""

    name = forms.CharField(label=_("计划名称"), max_length=60)
    times = forms.IntegerField(label=_("次数"), min_value=1, max_value=20, initial=2)
    per = forms.ChoiceField(label=_("周期"), choices=PatrolPlan.Per.choices)
    note = forms.CharField(label=_("说明"), max_length=200, required=False)
    field_order = ["name", "times", "per", "note", "community", "codes"]
