"""The form of a new report."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cityops.foundation.errors import InvalidInput
from grid.models import Case
from grid.selectors.classes import class_of
from grid.services.registering import Report
from grid.web.photo_fields import PhotosField
from sync.standard.models import ClassEntry

SOURCES_OF_DESK = [
    (value, label)
    for value, label in Case.Source.choices
    if value not in {Case.Source.VIDEO, Case.Source.DEVICE, Case.Source.CENSUS}
]
"""Where a report comes from that a person types in; cameras and devices use the API."""


SHORTEST_NUMBER = 7
"""Digits from which on a run of them may be a telephone number."""


def digits_of(text: str) -> str:
    """The digits of a text, without what is written between them."""
    return "".join(letter for letter in text if letter.isdecimal())


class RegisterForm(forms.Form):
    """A report: what, where, from whom."""

    rid = forms.UUIDField(widget=forms.HiddenInput, required=False)
    class_key = forms.CharField(label=_("类别"), max_length=30, widget=forms.HiddenInput)
    description = forms.CharField(
        label=_("问题描述"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("现场是什么样子，影响什么。"),
    )
    address = forms.CharField(label=_("位置"), max_length=256, help_text=_("路名、门牌或参照物，让处置人员找得到。"))
    longitude = forms.FloatField(label=_("经度"), min_value=-180, max_value=180, widget=forms.TextInput)
    latitude = forms.FloatField(label=_("纬度"), min_value=-90, max_value=90, widget=forms.TextInput)
    source = forms.ChoiceField(label=_("问题来源"), choices=SOURCES_OF_DESK, initial=Case.Source.HOTLINE)
    source_no = forms.CharField(label=_("来源单号"), max_length=40, required=False)
    reporter_name = forms.CharField(label=_("反映人姓名"), max_length=60, required=False)
    reporter_phone = forms.CharField(
        label=_("联系电话"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        help_text=_("加密保存，页面上只显示部分；可以不填（匿名）。"),
    )
    is_anonymous = forms.BooleanField(label=_("反映人要求匿名，不保存姓名和电话"), required=False)
    photos = PhotosField(label=_("现场照片"), required=False)
    urgency = forms.ChoiceField(label=_("紧急程度"), choices=Case.Urgency.choices, initial=Case.Urgency.ORDINARY)

    def __init__(self, data: Any = None, files: Any = None, *, user: Any) -> None:
        super().__init__(data, files)
        self.user = user
        self.fields["rid"].initial = uuid.uuid4
        for name in ("longitude", "latitude"):
            self.fields[name].widget.attrs.update({"inputmode": "decimal", "autocomplete": "off"})

    def chosen_class(self) -> ClassEntry | None:
        """The class that was picked, for showing it again."""
        return class_of(self.data.get("class_key", "")) if self.is_bound else None

    def clean_class_key(self) -> ClassEntry:
        """The class behind the key. Raises where it was not picked from the list."""
        found = class_of(self.cleaned_data["class_key"])
        if found is None:
            raise forms.ValidationError(_("请从列表中选择一个类别。"))
        return found

    def clean(self) -> dict[str, Any]:
        """Who reported has fields of its own: what everybody reads must not hold the number again."""
        given: dict[str, Any] = super().clean() or {}
        phone = digits_of(given.get("reporter_phone", ""))
        if len(phone) >= SHORTEST_NUMBER:
            for name in ("description", "address"):
                if phone in digits_of(given.get(name, "")):
                    self.add_error(name, _("请删去这里的联系电话：所有能看案件的人都会看到这一栏。"))
        return given

    def reporter(self) -> dict[str, str]:
        """Who reported, as the keeper of personal records takes it; nothing of who wants to stay unknown."""
        given = self.cleaned_data
        if given["is_anonymous"]:
            return {}
        return {"name": given["reporter_name"].strip(), "phone": given["reporter_phone"].strip()}

    def report(self) -> Report:
        """What the service takes."""
        given = self.cleaned_data
        entry: ClassEntry = given["class_key"]
        reporter = {Case.Source.COLLECTOR: Case.ReporterType.COLLECTOR, Case.Source.LEADER: Case.ReporterType.LEADER}
        public = {Case.Source.HOTLINE, Case.Source.PUBLIC, Case.Source.PETITION, Case.Source.MEDIA}
        kind = Case.ReporterType.PUBLIC if given["source"] in public else Case.ReporterType.DEPARTMENT
        own = given["source"] == Case.Source.COLLECTOR
        phone = digits_of(self.reporter().get("phone", ""))
        return Report(
            class_code=entry.class_code,
            kind=entry.kind,
            std_ref=entry.version,
            longitude=given["longitude"],
            latitude=given["latitude"],
            description=given["description"],
            address=given["address"],
            source=given["source"],
            source_no=given["source_no"],
            reporter_type=reporter.get(given["source"], kind),
            reporter=self.user.username if own else phone,
            urgency=given["urgency"],
            rid=given["rid"] or uuid.uuid4(),
        )


SHOWN_AT = {"class_code": "class_key", "reporter": "reporter_phone", "media": "photos"}
"""Field that a service names → field of the form that shows it."""


def add_faults(form: forms.BaseForm, fault: InvalidInput) -> None:
    """Show what a service refused beside the fields it names; the rest above the form."""
    faults = fault.facts.get("errors") or [{"field": "", "detail": fault.detail}]
    for entry in faults:
        name = SHOWN_AT.get(entry["field"], entry["field"])
        form.add_error(name if name in form.fields else None, entry["detail"])
