"""Forms of components over time: a new one, a new place, several states, a check, how it ends, a trial conversion."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cityops.foundation.coordinates import CoordinateSystem
from cityops.foundation.errors import InvalidInput
from grid.models import Component, ComponentCheck
from grid.rules.codes import CURRENT, GBT_30428
from grid.services.component_checks import OUTCOMES
from grid.services.conversion.plan import KINDS

SYSTEMS = [(system.value, system.value) for system in CoordinateSystem]
PRECISION = [("", "—"), ("A", _("A(±0.5 m)")), ("B", _("B(±1.0 m)")), ("C", _("C(±10 m)"))]
UNIT_FIELDS = ("dept_code1", "dept_name1", "dept_code2", "dept_name2", "dept_code3", "dept_name3")


class PlaceFields(forms.Form):
    """A point in a coordinate system."""

    longitude = forms.FloatField(label=_("经度"), min_value=-180, max_value=180, widget=forms.TextInput)
    latitude = forms.FloatField(label=_("纬度"), min_value=-90, max_value=90, widget=forms.TextInput)
    coordinate_system = forms.ChoiceField(label=_("坐标系"), choices=SYSTEMS, initial=CoordinateSystem.CGCS2000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("longitude", "latitude"):
            self.fields[name].widget.attrs.update({"inputmode": "decimal", "autocomplete": "off"})


class ComponentNewForm(PlaceFields):
    """A component that is not in the record. Of each unit the code or the name is enough where it is known here."""

    class_code = forms.ChoiceField(label=_("分类"))
    obj_name = forms.CharField(label=_("名称"), max_length=30, required=False, help_text=_("不填则用分类名称。"))
    dept_code1 = forms.CharField(label=_("主管部门代码"), max_length=18, required=False)
    dept_name1 = forms.CharField(label=_("主管部门名称"), max_length=100, required=False)
    dept_code2 = forms.CharField(label=_("权属单位代码"), max_length=18, required=False)
    dept_name2 = forms.CharField(label=_("权属单位名称"), max_length=100, required=False)
    dept_code3 = forms.CharField(label=_("养护单位代码"), max_length=18, required=False)
    dept_name3 = forms.CharField(label=_("养护单位名称"), max_length=100, required=False)
    data_source = forms.CharField(
        label=_("数据来源"), max_length=30, required=False, help_text=_("如：实测、地形图、基础地理数据。")
    )
    precision_class = forms.ChoiceField(label=_("定位精度等级"), choices=PRECISION, required=False)
    note = forms.CharField(label=_("备注"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    case_no = forms.CharField(label=_("来源案件"), max_length=24, required=False)
    field_order = ["class_code", "obj_name", "longitude", "latitude", "coordinate_system"]

    def __init__(self, *args: Any, classes: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["class_code"].choices = [("", "—"), *classes]  # type: ignore[attr-defined]
        for name in UNIT_FIELDS:
            self.fields[name].widget.attrs["list"] = "unit-codes" if "code" in name else "unit-names"


class ComponentMoveForm(PlaceFields):
    """A new place, and why."""

    wkt = forms.CharField(
        label=_("图形(WKT)"),
        required=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("线和面填 CGCS2000 的 WKT；点填经纬度。"),
    )
    reason = forms.CharField(label=_("原因"), max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("longitude", "latitude"):
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        """A point, or a shape."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not given.get("wkt") and (given.get("longitude") is None or given.get("latitude") is None):
            self.add_error("longitude", _("请填写经纬度，或线、面的 WKT。"))
        return given


class CheckForm(forms.Form):
    """What somebody saw that the record does not say; a field that is left empty was not looked at."""

    finding = forms.ChoiceField(label=_("不符情况"), choices=ComponentCheck.Finding.choices)
    obj_id = forms.CharField(label=_("部件标识码"), max_length=17, required=False, help_text=_("“台账没有”时不填。"))
    case_no = forms.CharField(label=_("来源案件"), max_length=24, required=False)
    description = forms.CharField(label=_("现场所见"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    obj_name = forms.CharField(label=_("名称应为"), max_length=30, required=False)
    state = forms.ChoiceField(
        label=_("状态应为"), choices=[("", _("未核对")), *Component.State.choices], required=False
    )
    dept_name2 = forms.CharField(label=_("权属单位应为"), max_length=100, required=False)
    dept_name3 = forms.CharField(label=_("养护单位应为"), max_length=100, required=False)
    longitude = forms.FloatField(label=_("实际经度"), required=False, widget=forms.TextInput)
    latitude = forms.FloatField(label=_("实际纬度"), required=False, widget=forms.TextInput)

    @property
    def seen(self) -> dict[str, str]:
        """The fields that were looked at."""
        names = ("obj_name", "state", "dept_name2", "dept_name3")
        return {name: self.cleaned_data[name] for name in names if self.cleaned_data[name]}


class SettleForm(forms.Form):
    """How a check ends."""

    outcome = forms.ChoiceField(label=_("核对结果"))
    opinion = forms.CharField(label=_("核对意见"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    obj_id = forms.CharField(label=_("补录的标识码"), max_length=17, required=False)

    def __init__(self, *args: Any, finding: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fitting = OUTCOMES[finding]
        labels = dict(ComponentCheck.Outcome.choices)
        self.fields["outcome"].choices = [(code, labels[code]) for code in fitting]  # type: ignore[attr-defined]
        if finding != ComponentCheck.Finding.UNRECORDED:
            del self.fields["obj_id"]


class CheckFilterForm(forms.Form):
    """What a list of checks may be narrowed by."""

    state = forms.ChoiceField(
        label=_("办理状态"),
        required=False,
        choices=[("", _("全部")), ("unsettled", _("未核对完")), *ComponentCheck.State.choices],
    )
    finding = forms.ChoiceField(
        label=_("不符情况"), required=False, choices=[("", _("全部")), *ComponentCheck.Finding.choices]
    )
    division = forms.CharField(label=_("区划代码"), required=False, max_length=12)
    due = forms.ChoiceField(label=_("期限"), required=False, choices=[("", _("全部")), ("overdue", _("已超期"))])


class TryForm(forms.Form):
    """A conversion to try."""

    to_std = forms.ChoiceField(label=_("换到"), choices=[(CURRENT, CURRENT), (GBT_30428, GBT_30428)])
    division = forms.CharField(label=_("区划代码"), required=False, max_length=12, help_text=_("不填为全市。"))
    kinds = forms.MultipleChoiceField(
        label=_("对象"),
        choices=list(zip(KINDS, (_("部件"), _("事项"), _("案件")), strict=True)),
        initial=list(KINDS),
        widget=forms.CheckboxSelectMultiple,
    )


def add_faults(form: forms.Form, fault: InvalidInput) -> None:
    """Show what a service refused beside the fields it names; the rest above the form."""
    for entry in fault.facts.get("errors") or [{"field": "", "detail": fault.detail}]:
        name = entry["field"] if entry["field"] in form.fields else None
        form.add_error(name, entry.get("detail", fault.detail))
