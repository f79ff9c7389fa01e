"""Forms of organisations, people, roles, tokens and grants; the rules themselves are in the services."""

from typing import Any

from django import forms
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils.translation import gettext_lazy as _

from cityops.accounts.models import Organisation, Role, User
from cityops.accounts.permissions import all_permissions
from cityops.accounts.services.tokens import LONGEST_DAYS, SCOPES
from cityops.maintenance.selectors.grants import GRANTABLE

DIVISION = forms.RegexField(
    r"^[0-9]{12}$",
    label=_("区划代码"),
    help_text=_("12 位,例如 330102000000。"),
    error_messages={"invalid": _("应为 12 位数字。")},
)
REASON = forms.CharField(
    label=_("原因"), max_length=200, help_text=_("记入审计记录。"), widget=forms.Textarea(attrs={"rows": 2})
)


class OrganisationForm(forms.ModelForm):
    """机构."""

    division_code = DIVISION
    reason = forms.CharField(label=_("原因"), required=False, max_length=200, help_text=_("记入审计记录。"))

    class Meta:
        model = Organisation
        fields = (
            "name",
            "short_name",
            "org_type",
            "division_code",
            "parent_code",
            "industry",
            "duty_scope",
            "contact",
            "phone",
            "status",
        )
        widgets = {"duty_scope": forms.Textarea(attrs={"rows": 2})}


class NewOrganisationForm(OrganisationForm):
    """新建机构: with the code, which never changes afterwards."""

    org_code = forms.CharField(
        label=_("机构代码"), max_length=18, help_text=_("18 位统一社会信用代码;内设机构可用较短代码。")
    )
    field_order = ("org_code", "name", "short_name", "org_type", "division_code", "parent_code")


class PersonForm(forms.Form):
    """人员: name, organisation, division."""

    name = forms.CharField(label=_("姓名"), max_length=60)
    organisation = forms.ModelChoiceField(Organisation.objects.none(), label=_("所属机构"), required=False)
    division_code = DIVISION

    def __init__(self, actor: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["organisation"]
        field.queryset = Organisation.objects.workable_by(actor).active()  # type: ignore[attr-defined]


class NewPersonForm(PersonForm):
    """新建人员: with the user name, and a password that is changed at the first sign-in."""

    username = forms.CharField(label=_("登录名"), max_length=150, validators=[UnicodeUsernameValidator()])
    is_integration = forms.BooleanField(label=_("对接系统(用接口令牌,不能登录页面)"), required=False)
    password = forms.CharField(
        label=_("初始密码"),
        required=False,
        strip=False,
        help_text=_("首次登录时须修改;对接系统留空。"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    field_order = ("username", "name", "organisation", "division_code", "is_integration", "password")


class ChangePersonForm(PersonForm):
    """修改人员."""

    reason = forms.CharField(label=_("原因"), required=False, max_length=200, help_text=_("记入审计记录。"))


class RolesForm(forms.Form):
    """授予角色."""

    roles = forms.MultipleChoiceField(label=_("角色"), required=False, widget=forms.CheckboxSelectMultiple)
    reason = REASON

    def __init__(self, tier: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = Role.objects.filter(tiers__contains=[tier])
        self.fields["roles"].choices = [(role.code, role.title) for role in roles]  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """Only why."""

    reason = REASON


class ResetPasswordForm(forms.Form):
    """重置密码."""

    password = forms.CharField(
        label=_("新密码"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    reason = REASON


class RoleForm(forms.Form):
    """修改角色: name, and whether it is bound."""

    name = forms.CharField(label=_("名称"), max_length=60)
    is_limited = forms.BooleanField(
        label=_("限本单位"), required=False, help_text=_("只能查看由所属机构及其下级机构负责的案件。")
    )
    reason = REASON


class NewRoleForm(RoleForm):
    """新建角色: with the code, which never changes afterwards."""

    code = forms.RegexField(
        r"^[a-z][a-z_]{2,29}$", label=_("角色代码"), help_text=_("小写字母和下划线,3 至 30 个字符。")
    )
    field_order = ("code", "name", "is_limited", "reason")


class RolePermissionsForm(forms.Form):
    """角色权限."""

    permissions = forms.MultipleChoiceField(label=_("权限"), required=False, widget=forms.CheckboxSelectMultiple)
    reason = REASON

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["permissions"]
        field.choices = [(p.codename, f"{p.label} · {p.codename}") for p in all_permissions()]  # type: ignore[attr-defined]


class TokenForm(forms.Form):
    """签发接口令牌."""

    integration = forms.ModelChoiceField(
        User.objects.none(),
        label=_("对接系统"),
        to_field_name="username",
        help_text=_("先在人员中新建对接系统并授予角色。"),
    )
    name = forms.CharField(label=_("用途"), max_length=60)
    scopes = forms.MultipleChoiceField(
        label=_("授权范围"),
        choices=[(SCOPES[0], _("读取")), (SCOPES[1], _("写入"))],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(label=_("有效天数"), min_value=1, max_value=LONGEST_DAYS, initial=90)

    def __init__(self, actor: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["integration"]
        found = User.objects.workable_by(actor).filter(is_integration=True, is_active=True)
        field.queryset = found  # type: ignore[attr-defined]


class GrantForm(forms.Form):
    """授予单个对象的查看权."""

    kind = forms.ChoiceField(label=_("对象类型"))
    key = forms.CharField(label=_("编号"), max_length=64, help_text=_("案件号、部件标识码、网格编码或机构代码。"))
    reason = REASON

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(name, kind.title) for name, kind in GRANTABLE.items()]  # type: ignore[attr-defined]
