"""What every resource of OGC API Features does alike: who may ask, in which form it answers, how it refuses.

Machines get JSON and exceptions as problem+json with the members ``code`` and ``description`` of the standard; people
who come with a browser get pages, and are sent to the sign-in page first.
"""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.authentication import SessionAuthentication
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.accounts.authentication import ApiTokenAuthentication, BasicTokenAuthentication
from cityops.foundation.errors import CityOpsError, InvalidInput, field_fault
from grid.interfaces.services.usage import FEATURES, note_use

JSON, HTML = "json", "html"
FORMS = {"json": JSON, "geojson": JSON, "application/json": JSON, "application/geo+json": JSON, "html": HTML}
"""What ``f`` may say."""
JSON_TYPE = "application/json"


class NameAndToken(BasicTokenAuthentication):
    """First in the row, so that its 401 names both ways that a program may come."""

    def authenticate_header(self, request: Request) -> str:
        """Both ways."""
        return f'{super().authenticate_header(request)}, Bearer realm="cityops"'


class AnyForm(BaseContentNegotiation):
    """The view settles the form itself; what nobody offers is answered as JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Nothing is read from bodies."""
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """JSON, for exceptions."""
        return renderers[0], renderers[0].media_type


def wanted_form(request: Request) -> str:
    """The form asked for by ``f`` or by Accept; JSON where neither says. Raises InvalidInput for another ``f``."""
    if (asked := request.query_params.get("f")) is not None:
        if asked not in FORMS:
            raise refused("f", "form_unknown", _("参数 f 只能是 json 或 html,收到 %s。") % asked[:40])
        return FORMS[asked]
    accept = request.headers.get("Accept", "")
    return HTML if "text/html" in accept and "json" not in accept else JSON


def refused(name: str, rule: str, text: str) -> InvalidInput:
    """A parameter that cannot be answered, with what is wrong and how to mend it."""
    return field_fault(name, rule, text)


class FeatureView(APIView):
    """A resource of the interface. ``known`` are the parameters it takes; any other one is refused (Part 1, 7.10)."""

    schema = None  # has an OpenAPI document of its own
    authentication_classes = [NameAndToken, ApiTokenAuthentication, SessionAuthentication]
    permission_classes: list[Any] = [HasPermission()]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = AnyForm
    known: frozenset[str] = frozenset({"f"})
    template = "interfaces/document.html"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After sign-in and permission: the form, and no parameter that is not known."""
        super().initial(request, *args, **kwargs)
        self.form = wanted_form(request)
        known = self.known_parameters()
        unknown = sorted(set(request.query_params) - known)
        if unknown:
            raise refused(
                unknown[0],
                "parameter_unknown",
                _("没有参数 %(name)s;可用的参数:%(known)s。")
                % {"name": unknown[0][:40], "known": "、".join(sorted(known))},
            )

    def known_parameters(self) -> frozenset[str]:
        """The parameters this resource takes."""
        return self.known

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Count what was answered; caches must not give one person's answer to another."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        patch_vary_headers(answer, ("Accept", "Authorization", "Cookie", "Accept-Language"))
        answer.headers.setdefault("Cache-Control", "private, no-cache")
        if answer.status_code < 300:
            note_use(FEATURES)
        return answer

    def handle_exception(self, exc: Exception) -> Any:
        """An exception of the standard; for a browser the page that says the same."""
        if _is_browser(self.request):
            if isinstance(exc, exceptions.NotAuthenticated):
                return redirect_to_login(self.request.get_full_path())
            if isinstance(exc, exceptions.PermissionDenied):
                raise PermissionDenied from exc
            if isinstance(exc, CityOpsError):
                raise exc
        response: Response = super().handle_exception(exc)
        if isinstance(response.data, dict) and "code" in response.data:
            response.data["description"] = _description(response.data)
        return response

    def answer(self, request: Request, document: dict[str, Any], **page: Any) -> HttpResponseBase:
        """A document as JSON, or as a page."""
        if self.form == HTML:
            return render(request._request, self.template, {"document": document, **page})
        return HttpResponse(JSONRenderer().render(document), content_type=page.get("media_type", JSON_TYPE))


def _is_browser(request: Request) -> bool:
    try:
        return wanted_form(request) == HTML
    except InvalidInput:
        return False


def _description(data: dict[str, Any]) -> str:
    return str(data.get("detail") or " ".join(entry["detail"] for entry in data.get("errors", ())) or data["title"])
