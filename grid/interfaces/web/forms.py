"""Forms of partners."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cityops.accounts.models import Organisation, User
from grid.interfaces.models import Partner, WebhookDelivery
from grid.interfaces.rules.operations import APPLICATIONS, DIRECT, EVENTS, REPLY, Event
from grid.models import CaseApplication

ANY = ("", _("全部"))
EVENT_WORDS = {
    Event.REGISTERED.value: _("对方上报的案件已登记"),
    Event.ASSIGNED.value: _("案件交办(总是推送)"),
    Event.MOVED.value: _("案件流转"),
    Event.WITHDRAWN.value: _("案件收回(总是推送)"),
    Event.NOTICE.value: _("通知"),
}
MODES = [(REPLY, _("1 需答复:由本平台人员审批")), (DIRECT, _("0 直接生效:申请即同意"))]


class PartnerFilter(forms.Form):
    """What the list of partners is narrowed by."""

    kind = forms.ChoiceField(label=_("类型"), required=False, choices=[ANY, *Partner.Kind.choices])
    state = forms.ChoiceField(
        label=_("状态"), required=False, choices=[ANY, ("on", _("启用")), ("stopped", _("停推")), ("off", _("停用"))]
    )


class DeliveryFilter(forms.Form):
    """What the list of deliveries is narrowed by."""

    q = forms.CharField(label=_("案件号或消息标识"), required=False, max_length=40)
    partner = forms.ModelChoiceField(
        label=_("对接系统"),
        required=False,
        queryset=Partner.objects.none(),
        to_field_name="code",
        empty_label=_("全部"),
    )
    state = forms.ChoiceField(label=_("状态"), required=False, choices=[ANY, *WebhookDelivery.State.choices])
    type = forms.ChoiceField(label=_("事件"), required=False, choices=[ANY, *((one.value, one.value) for one in Event)])

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["partner"].queryset = Partner.objects.visible_to(user)  # type: ignore[attr-defined]


class PartnerForm(forms.Form):
    """What is registered of a partner; code and account are given once."""

    code = forms.SlugField(
        label=_("代码"), max_length=30, help_text=_("小写字母、数字和连字符;出现在对方推送给我们的地址中,以后不能改。")
    )
    name = forms.CharField(label=_("名称"), max_length=60)
    kind = forms.ChoiceField(label=_("类型"), choices=Partner.Kind.choices)
    account = forms.ModelChoiceField(
        label=_("对接账号"),
        queryset=User.objects.none(),
        to_field_name="username",
        help_text=_("它能做什么由账号的角色、区划和所属机构决定;接收交办案件的账号应属于下面的代表单位。"),
    )
    division_code = forms.CharField(label=_("负责区划"), max_length=12, help_text=_("12 位区划代码。"))
    org_code = forms.ModelChoiceField(
        label=_("代表单位"),
        required=False,
        queryset=Organisation.objects.none(),
        to_field_name="org_code",
        help_text=_("派遣到这个单位的案件自动转给对方。"),
    )
    webhook_url = forms.CharField(
        label=_("推送地址"), required=False, max_length=300, help_text=_("https 地址;留空则由对方定时查询变更。")
    )
    events = forms.MultipleChoiceField(
        label=_("推送事件"), required=False, widget=forms.CheckboxSelectMultiple, choices=list(EVENT_WORDS.items())
    )
    sends_photos = forms.BooleanField(label=_("推送照片"), required=False, initial=True)
    is_active = forms.BooleanField(
        label=_("启用"), required=False, initial=True, help_text=_("停用后不推送,也不接收对方的任何请求。")
    )

    def __init__(self, user: User, *args: Any, partner: Partner | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in APPLICATIONS:
            label = _("“%s”申请") % CaseApplication.Kind(kind).label
            self.fields[f"mode_{kind}"] = forms.ChoiceField(label=label, choices=MODES, initial=REPLY)
        organisations = Organisation.objects.active().visible_to(user)
        self.fields["org_code"].queryset = organisations  # type: ignore[attr-defined]
        if partner is not None:
            del self.fields["code"], self.fields["account"]
        else:
            self.fields["events"].initial = list(EVENTS)
            free = User.objects.workable_by(user).filter(is_integration=True, is_active=True, partner__isnull=True)
            self.fields["account"].queryset = free  # type: ignore[attr-defined]

    @staticmethod
    def values_of(partner: Partner) -> dict[str, Any]:
        """A partner as the form shows it."""
        names = ("name", "kind", "division_code", "org_code", "webhook_url", "events", "sends_photos", "is_active")
        modes = {f"mode_{kind}": partner.modes.get(kind, REPLY) for kind in APPLICATIONS}
        return {**{name: getattr(partner, name) for name in names}, **modes}


class SecretForm(forms.Form):
    """The secret with which the partner signs."""

    secret = forms.CharField(
        label=_("对方的签名密钥"),
        max_length=120,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("对方平台给出的 whsec_ 开头的文本;保存后不再显示。"),
    )


class NoticeForm(forms.Form):
    """A notice to the partner."""

    title = forms.CharField(label=_("标题"), max_length=100)
    text = forms.CharField(label=_("内容"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))
