"""Turns what the platform refuses on purpose into a page (the API has its own handler); refuses bodies unread."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from cityops.foundation.bodies import is_too_large
from cityops.foundation.errors import CityOpsError
from cityops.foundation.patience import refusal_for
from cityops.web import errors


class RefusalPages:
    """A CityOpsError that a page view did not catch becomes an error page with its status and sentence.

    So does a method that the view does not take, which Django answers with nothing to read.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:  # noqa: D102
        response = self.get_response(request)
        if response.status_code == 405 and not response.content:
            return errors.not_allowed(request, response.headers["Allow"])
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer refusals; leave everything else to the 500 page."""
        refusal = exception if isinstance(exception, CityOpsError) else refusal_for(exception)
        return errors.refused(request, refusal) if refusal else None


class BodyLimits:
    """Refuses a body that is too large for its view before a byte of it is read. Stands before the check of forms."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:  # noqa: D102
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_view: object) -> HttpResponse | None:
        """413 for a body that is too large or hides its length."""
        if not is_too_large(request, view):
            return None
        return errors.page(
            request, 413, _("内容过大"), _("这一地址不接收这么大的内容，或者请求没有写明长度；没有读取任何内容。")
        )
