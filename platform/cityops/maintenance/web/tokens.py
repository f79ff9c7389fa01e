"""API tokens: list, issue (shown once), revoke."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.cache import never_cache

from cityops.accounts.guards import person_of
from cityops.accounts.models import ApiToken
from cityops.accounts.services import tokens
from cityops.foundation.errors import CityOpsError, NotThere
from cityops.maintenance.web.forms import ReasonForm, TokenForm
from cityops.maintenance.web.lists import Action, Cell, ListPage, when
from cityops.maintenance.web.parts import detail_page, form_page


class TokenList(ListPage):
    """接口令牌列表; the token itself is nowhere."""

    title = pgettext_lazy("菜单", "接口令牌")
    heads = (_("用途"), _("对接系统"), _("前缀"), _("授权范围"), _("到期时间"), _("最近使用"), _("状态"), _("操作"))
    actions = (Action(_("签发令牌"), "token-new", "key", "accounts.manage_token"),)
    empty = _("还没有签发过接口令牌。")

    def queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        """Newest first."""
        found: QuerySet[ApiToken] = ApiToken.objects.visible_to(person_of(request)).select_related("user")
        self.may_revoke = person_of(request).has_perm("accounts.manage_token")
        return found

    def cells(self, thing: ApiToken) -> Iterable[Cell]:
        """One token."""
        word, light = _state(thing)
        revoke = Cell("")
        if self.may_revoke and thing.revoked_at is None:
            revoke = Cell(_now("撤销"), reverse("token-revoke", args=[thing.pk]))
        return (
            Cell(thing.name),
            Cell(thing.user.username),
            Cell(thing.prefix, css="mono"),
            Cell(_now("、").join(thing.scopes)),
            Cell(when(thing.expires_at)),
            Cell(when(thing.last_used_at)),
            Cell(word, light=light),
            revoke,
        )


def _state(token: ApiToken) -> tuple[str, str]:
    if token.revoked_at is not None:
        return _now("已撤销"), "paused"
    if token.expires_at <= timezone.now():
        return _now("已过期"), "yellow"
    return (_now("有效"), "green") if token.user.is_active else (_now("对接系统已停用"), "paused")


@never_cache
def token_new(request: HttpRequest) -> HttpResponse:
    """Issue one; the answer to the form shows it, and nothing shows it again."""
    form = TokenForm(person_of(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            token, text = tokens.issue_token(
                person_of(request), values["integration"], values["name"], values["scopes"], values["days"]
            )
        except CityOpsError as error:
            form.add_error(None, error.detail)
        else:
            facts: list[tuple[Any, Any]] = [
                (_("用途"), token.name),
                (_("对接系统"), token.user.username),
                (_("授权范围"), _now("、").join(token.scopes)),
                (_("到期时间"), when(token.expires_at)),
            ]
            return detail_page(
                request,
                title=_("已签发令牌"),
                back=reverse("token-list"),
                back_title=pgettext_lazy("菜单", "接口令牌"),
                facts=facts,
                secret=text,
            )
    return form_page(
        request,
        form,
        title=_("签发令牌"),
        submit=_("签发"),
        back=reverse("token-list"),
        back_title=pgettext_lazy("菜单", "接口令牌"),
        save=lambda _values: reverse("token-list"),
    )


def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Make one invalid."""
    if not ApiToken.objects.workable_by(person_of(request)).filter(pk=pk).exists():
        raise NotThere

    def save(values: dict[str, Any]) -> str:
        tokens.revoke_token(person_of(request), pk, reason=values["reason"])
        return reverse("token-list")

    return form_page(
        request,
        ReasonForm(request.POST or None),
        title=_("撤销令牌"),
        submit=_("撤销"),
        back=reverse("token-list"),
        back_title=pgettext_lazy("菜单", "接口令牌"),
        note=_("使用它的系统立即收到 401。"),
        save=save,
    )
