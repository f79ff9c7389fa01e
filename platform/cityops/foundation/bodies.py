"""How large a body a view takes; who may send more than a form is settled before anything of it is read.

The limit of a form holds at every route. One that takes more says so in its URL table::

    path("imports/new/", takes_body(LARGEST, requires("grid.import_data")(import_new)), name="import-new")
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest

LARGEST_BODY = 1 << 20
"""Bytes of a body where a view says nothing else."""
View = TypeVar("View", bound=Callable[..., Any])


def takes_body(limit: int, view: View) -> View:
    """Let a view have bodies of up to ``limit`` bytes, once it is known who sends them.

    A page asks session and permissions (its guard comes too late: the check of the form's token reads the body). A
    view without that check (API, peers) must look at its caller itself before it reads.
    """
    view.largest_body = limit  # type: ignore[attr-defined]
    return view


def limit_for(request: HttpRequest, view: Callable[..., Any]) -> int:
    """How many bytes this request may bring to a view."""
    limit = int(getattr(view, "largest_body", LARGEST_BODY))
    if limit <= LARGEST_BODY or getattr(view, "csrf_exempt", False):
        return limit
    may = request.user.is_authenticated and request.user.has_perms(getattr(view, "required_permissions", ()))
    return limit if may else LARGEST_BODY


def is_too_large(request: HttpRequest, view: Callable[..., Any]) -> bool:
    """Whether the body is larger than the view takes, or does not say how large it is."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and int(length) <= LARGEST_BODY:
        return "HTTP_TRANSFER_ENCODING" in request.META and length == "0"
    return not length.isdecimal() or int(length) > limit_for(request, view)
