"""ETag on reads that are polled: what did not change is answered with 304 and no body.

``If-Match`` on writes: who writes on an old state is told so (412) instead of overwriting what is newer.
"""

import hashlib
from typing import Any

from django.http import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from django.utils.http import parse_etags
from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.foundation.errors import CityOpsError


class ChangedMeanwhile(CityOpsError):
    """Somebody changed the thing after the caller read it."""

    code = "changed_meanwhile"
    status = 412
    title = _("内容已被他人修改")


def tag_of(*parts: object) -> str:
    """A strong ETag over the parts."""
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


def check_unchanged(request: Any, etag: str) -> None:
    """Raise ChangedMeanwhile when the request's If-Match names another state than ``etag``; nothing without one."""
    given = request.headers.get("If-Match")
    if given and given.strip() != "*" and etag not in parse_etags(given):
        raise ChangedMeanwhile(str(_("请重新读取后再提交。")), etag=etag)


class Polled(APIView):
    """Mixin of API views (before the others): 200 answers carry an ETag, and ``If-None-Match`` is heeded.

    A view that can tell cheaply whether anything changed overrides ``fingerprint``; then an unchanged read costs
    only that. Otherwise the body itself is compared, which saves the bytes.
    """

    is_polled = True

    def fingerprint(self, request: Request) -> str:
        """A text that changes when the answer would; empty when it cannot be told without making the answer."""
        return ""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After sign-in and permissions: answer 304 at once where the fingerprint is known to the caller."""
        super().initial(request, *args, **kwargs)
        self._etag = ""
        if request.method not in SAFE_METHODS or request.method == "OPTIONS":
            return
        if mark := self.fingerprint(request):
            self._etag = tag_of(mark, request.get_full_path(), request.user.pk, getattr(request, "LANGUAGE_CODE", ""))
            if self._etag in parse_etags(request.headers.get("If-None-Match", "")):
                self.get = self._unchanged

    def _unchanged(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        return Response(status=304)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add the ETag; turn a known answer into 304."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if request.method not in ("GET", "HEAD") or response.status_code not in (200, 304) or response.streaming:
            return response
        if response.status_code == 200 and not getattr(self, "_etag", ""):
            response.render()
            self._etag = tag_of(response.content)
        response.headers["ETag"] = self._etag
        patch_cache_control(response, private=True, no_cache=True)
        patch_vary_headers(response, ["Authorization", "Cookie", "Accept-Language"])
        if response.status_code == 304:
            return response
        answer: HttpResponseBase | None = get_conditional_response(request._request, etag=self._etag, response=response)
        return answer
