"""Turns what the platform refuses on purpose into a page (the API has its own handler)."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from cityops.foundation.errors import CityOpsError
from cityops.web import errors


class RefusalPages:
    """A CityOpsError that a page view did not catch becomes an error page with its status and sentence."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:  # noqa: D102
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer refusals; leave everything else to the 500 page."""
        return errors.refused(request, exception) if isinstance(exception, CityOpsError) else None
