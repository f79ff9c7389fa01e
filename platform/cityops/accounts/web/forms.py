"""Forms of signing in and of the own password."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from cityops.accounts.guards import person_of


class SignInForm(AuthenticationForm):
    """登录: one sentence for every reason of failing, so that nobody learns which names exist."""

    error_messages = {
        "invalid_login": _("登录名或密码不对。连续错误会锁定登录。"),
        "inactive": _("登录名或密码不对。连续错误会锁定登录。"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("登录名")
        self.fields["password"].label = _("密码")

    def confirm_login_allowed(self, user: Any) -> None:
        """Integrations come with a token, never through this page."""
        super().confirm_login_allowed(user)
        if user.is_integration:
            raise self.get_invalid_login_error()


class PasswordForm(forms.Form):
    """修改密码: the present one, and the new one twice."""

    old_password = forms.CharField(
        label=_("现用密码"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    new_password = forms.CharField(
        label=_("新密码"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    repeated = forms.CharField(
        label=_("再输一次新密码"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.user = request, person_of(request)
        self.fields["new_password"].help_text = " ".join(password_validators_help_texts())

    def clean_old_password(self) -> str:
        """The present password, as proof that it is the person; a wrong one counts like one at the sign-in page."""
        old = str(self.cleaned_data["old_password"])
        if authenticate(self.request, username=self.user.username, password=old) != self.user:
            raise ValidationError(_("现用密码不对。"))
        return old

    def clean_repeated(self) -> str:
        """Both times the same."""
        repeated = str(self.cleaned_data["repeated"])
        if repeated != self.cleaned_data.get("new_password"):
            raise ValidationError(_("两次输入的新密码不一致。"))
        return repeated
