"""What ends something on the pages of the exchange: POST only, each with its reason."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cityops.accounts.guards import person_of
from cityops.foundation.errors import CityOpsError
from sync.exchange.models import Enrolment, Link
from sync.exchange.services import ending


def _try(request: HttpRequest, decide: Callable[[str], object], done: str) -> None:
    """Decide with the reason that was given, and tell how it ended."""
    try:
        decide(request.POST.get("reason", ""))
        messages.success(request, done)
    except CityOpsError as error:
        messages.error(request, error.detail)


def _link(request: HttpRequest, peer: str) -> Link:
    return get_object_or_404(Link.objects.visible_to(request.user), peer_code=peer)


@require_POST
def link_suspend(request: HttpRequest, peer: str) -> HttpResponse:
    """Let nothing travel over a link for now."""
    link = _link(request, peer)
    _try(request, lambda reason: ending.suspend_link(person_of(request), link, reason=reason), _("链路已暂停。"))
    return redirect("exchange-link", peer)


@require_POST
def link_retire(request: HttpRequest, peer: str) -> HttpResponse:
    """End a link for good."""
    link = _link(request, peer)
    actor = person_of(request)
    _try(request, lambda reason: ending.retire_link(actor, link, reason=reason), _("链路已停用,对端密钥已吊销。"))
    return redirect("exchange-link", peer)


def _child(request: HttpRequest, child: str) -> str:
    if not Enrolment.objects.visible_to(request.user).filter(child_code=child).exists():
        raise Http404
    return child


@require_POST
def enrolment_refuse(request: HttpRequest, child: str) -> HttpResponse:
    """Refuse a child's request."""
    code = _child(request, child)
    _try(
        request, lambda reason: ending.refuse_join(code, reason=reason), _("已拒绝 %(child)s 接入。") % {"child": code}
    )
    return redirect("exchange-enrolments")


@require_POST
def enrolment_cancel(request: HttpRequest, child: str) -> HttpResponse:
    """Make a code void."""
    code = _child(request, child)
    _try(request, lambda reason: ending.cancel_code(code, reason=reason), _("接入码已作废。"))
    return redirect("exchange-enrolments")
