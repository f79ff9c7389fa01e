"""Pages of keys: who signs with what until when; what people decide about them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cityops.accounts.guards import person_of
from cityops.accounts.services import limits
from cityops.foundation.errors import CityOpsError
from sync.exchange.models import Key
from sync.exchange.selectors.keyring import keys_seen
from sync.exchange.services import rotating
from tiers.tier import this_instance


@require_safe
def key_list(request: HttpRequest) -> HttpResponse:
    """Keys of this node, of those above and of those below."""
    facts = {
        "keys": keys_seen(request.user),
        "can_have_children": not this_instance().node_code.endswith("-C"),
        "is_whole": limits.has_whole_instance(person_of(request)),
    }
    return render(request, "exchange/keys.html", facts)


def _workable(request: HttpRequest, kid: str) -> str:
    found: str = get_object_or_404(Key.objects.workable_by(request.user), kid=kid).kid
    return found


@require_POST
def key_approve(request: HttpRequest, kid: str) -> HttpResponse:
    """Approve a key, as the first or the second person."""
    found = _workable(request, kid)
    try:
        key = rotating.approve(found, by=request.user.get_username())
        done = _("密钥已生效。") if key.state == Key.State.ACTIVE else _("已批准,待另一人复核。")
        messages.success(request, done)
    except CityOpsError as error:
        messages.error(request, error.detail)
    return redirect("exchange-keys")


@require_POST
def key_revoke(request: HttpRequest, kid: str) -> HttpResponse:
    """Revoke a key for good."""
    found = _workable(request, kid)
    try:
        rotating.revoke(found, reason=request.POST.get("reason", ""), actor=person_of(request))
        messages.success(request, _("密钥已吊销,相关链路已冻结。"))
    except CityOpsError as error:
        messages.error(request, error.detail)
    return redirect("exchange-keys")


@require_POST
def key_rotate(request: HttpRequest) -> HttpResponse:
    """A new key for this node."""
    try:
        limits.whole_instance(person_of(request))
        key = rotating.rotate()
        messages.success(request, _("新密钥 %(kid)s 已生成,待批准。") % {"kid": key.kid})
    except CityOpsError as error:
        messages.error(request, error.detail)
    return redirect("exchange-keys")
