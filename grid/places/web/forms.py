"""Forms of places."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from grid.places.models import Place
from grid.places.services.batches import LARGEST_FILE, MOST, SUFFIXES

ANY = ("", _("全部"))


class PlaceFilter(forms.Form):
    """What a list of places may be narrowed by."""

    q = forms.CharField(label=_("标识、名称或地址"), required=False, max_length=60)
    division = forms.CharField(label=_("区划代码"), required=False, max_length=12)
    place_type = forms.ChoiceField(label=_("类别"), required=False, choices=[ANY, *Place.Type.choices])
    valid = forms.ChoiceField(label=_("有效"), required=False, choices=[ANY, *Place.Valid.choices])
    grid = forms.CharField(label=_("单元网格"), required=False, max_length=15)


class PlaceForm(forms.ModelForm):
    """A place, made or changed by hand."""

    longitude = forms.FloatField(label=_("经度"), help_text=_("CGCS2000 十进制度数，或在地图上选点。"))
    latitude = forms.FloatField(label=_("纬度"))
    keeps_old_name = forms.BooleanField(
        label=_("改名时保留旧名为历史地名"), required=False, initial=True, help_text=_("旧名仍能查到，并注明现名。")
    )

    class Meta:
        model = Place
        fields = ["place_name", "place_type", "std_address", "alias", "source", "valid_from"]
        widgets = {"valid_from": forms.DateInput(attrs={"type": "date"})}
        help_texts = {
            "std_address": _("省、市、区县、街道、社区、街巷、门牌、楼、单元、室，从大到小。"),
            "alias": _("多个别名用顿号分开。"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.geom is not None:
            self.initial.update(longitude=round(self.instance.geom.x, 7), latitude=round(self.instance.geom.y, 7))
        if self.instance._state.adding:
            del self.fields["keeps_old_name"]


class RetireForm(forms.Form):
    """Why a place goes out of use, and what it is now."""

    reason = forms.CharField(label=_("原因"), max_length=200)
    successor_id = forms.CharField(
        label=_("现地点标识"), required=False, max_length=20, help_text=_("改建、合并后的地点；没有则留空。")
    )


class MatchForm(forms.Form):
    """A file of addresses."""

    file = forms.FileField(
        label=_("地址文件"),
        help_text=_("CSV 或 xlsx，地址列名为“地址”；只有一列时不限列名。最多 5000 条。"),
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(SUFFIXES)}),
    )

    def clean_file(self) -> Any:
        """Type by name and size; the content is checked when it is read."""
        file = self.cleaned_data["file"]
        if not file.name.lower().endswith(SUFFIXES):
            raise forms.ValidationError(_("只接受 CSV 和 xlsx 文件。"))
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(_("文件过大；一次最多 %(most)s 条地址。") % {"most": MOST})
        return file
