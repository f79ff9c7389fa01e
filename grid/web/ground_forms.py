"""Forms of the ground: filters, the edit of a component, the upload of a file to import."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from grid.models import AreaClass, Component, ImportRun
from grid.models.ground import CodeState
from grid.services.imports.uploads import LARGEST_MAPPING, LARGEST_UPLOAD, SUFFIXES

ANY = ("", _("全部"))


class GridFilter(forms.Form):
    """What a list of grids may be narrowed by."""

    q = forms.CharField(label=_("编码或名称"), required=False, max_length=60)
    division = forms.CharField(label=_("区划代码"), required=False, max_length=12)
    status = forms.ChoiceField(label=_("状态"), required=False, choices=[ANY, *CodeState.choices])
    area_class = forms.ChoiceField(label=_("区域类别"), required=False, choices=[ANY, *AreaClass.choices])


class ComponentFilter(forms.Form):
    """What a list of components may be narrowed by."""

    q = forms.CharField(label=_("标识码或名称"), required=False, max_length=60)
    division = forms.CharField(label=_("区划代码"), required=False, max_length=12)
    class_code = forms.CharField(label=_("分类代码"), required=False, max_length=5)
    state = forms.ChoiceField(label=_("状态"), required=False, choices=[ANY, *Component.State.choices])
    grid = forms.CharField(label=_("单元网格"), required=False, max_length=15)


class ComponentForm(forms.ModelForm):
    """What people may change about a component by hand."""

    class Meta:
        model = Component
        fields = ["obj_name", "dept_code2", "dept_name2", "dept_code3", "dept_name3", "note"]
        widgets = {"note": forms.Textarea(attrs={"rows": 3})}


class StateForm(forms.Form):
    """A component's new state, and why."""

    state = forms.ChoiceField(label=_("新状态"))
    reason = forms.CharField(label=_("原因"), required=False, max_length=200)

    def __init__(self, *args: Any, states: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["state"].choices = states  # type: ignore[attr-defined]


class ImportForm(forms.Form):
    """A file, its mapping, and how strict to be."""

    kind = forms.ChoiceField(label=_("类别"), choices=ImportRun.Kind.choices)
    file = forms.FileField(
        label=_("数据文件"),
        help_text=_("CSV、xlsx 或 GeoJSON，可用 gzip 压缩，最大 200 MB。"),
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(SUFFIXES)}),
    )
    mapping = forms.FileField(
        label=_("映射文件"),
        required=False,
        help_text=_(
            "TOML：文件的哪一列是哪个字段。按模板填写的文件不需要；没有映射文件时，列名为字段中文名或字段名的列被读取。"
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".toml"}),
    )
    dry_run = forms.BooleanField(label=_("只试运行，不写入"), required=False, initial=True)
    skip_refused = forms.BooleanField(label=_("跳过有误的行，导入其余"), required=False)
    repair = forms.BooleanField(label=_("自动修复网格边界与重叠(仅单元网格)"), required=False)

    def clean_file(self) -> Any:
        """Type by name and size; the content is checked when it is read."""
        file = self.cleaned_data["file"]
        if not file.name.lower().removesuffix(".gz").endswith(SUFFIXES):
            raise forms.ValidationError(_("只接受 CSV、xlsx 和 GeoJSON 文件(可用 gzip 压缩)。"))
        if file.size > LARGEST_UPLOAD:
            raise forms.ValidationError(_("文件超过 200 MB；请用命令导入，或分成几个文件。"))
        return file

    def clean_mapping(self) -> str:
        """The text of the mapping."""
        file = self.cleaned_data["mapping"]
        if not file:
            return ""
        if file.size > LARGEST_MAPPING:
            raise forms.ValidationError(_("映射文件过大。"))
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise forms.ValidationError(_("映射文件不是 UTF-8 编码。")) from error
