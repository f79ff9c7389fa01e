"""Errors of the API as problem+json (RFC 9457): type, title, status, detail, a stable code, and facts."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from cityops.foundation.context import current_actor
from cityops.foundation.errors import CityOpsError, NotAllowed, NotThere

CONTENT_TYPE = "application/problem+json"


def problem(status: int, code: str, title: str, detail: str = "", **facts: Any) -> Response:
    """One problem document; ``facts`` stand beside the standard members."""
    body: dict[str, Any] = {"type": f"urn:cityops:problem:{code}", "title": title, "status": status, "code": code}
    if detail and detail != title:
        body["detail"] = detail
    if request_id := current_actor().request_id:
        body["instance"] = f"urn:cityops:request:{request_id}"
    return Response({**body, **facts}, status=status, content_type=CONTENT_TYPE)


def _field_errors(detail: Any, prefix: str = "") -> list[dict[str, str]]:
    """Flatten DRF's nested error detail to ``{"field", "code", "detail"}``, fields as dotted paths."""
    if isinstance(detail, dict):
        return [e for key, value in detail.items() for e in _field_errors(value, f"{prefix}.{key}".strip("."))]
    if isinstance(detail, list):
        found: list[dict[str, str]] = []
        for number, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            found += _field_errors(value, f"{prefix}[{number}]" if nested else prefix)
        return found
    return [{"field": prefix, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}]


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Turn what was refused on purpose into a problem; what nobody foresaw is raised on."""
    if isinstance(exc, Http404):
        exc = NotThere()
    elif isinstance(exc, PermissionDenied):
        exc = NotAllowed()
    if isinstance(exc, CityOpsError):
        set_rollback()
        return problem(exc.status, exc.code, str(exc.title), exc.detail, **exc.facts)
    if not isinstance(exc, exceptions.APIException):
        return None
    set_rollback()
    if isinstance(exc, exceptions.ValidationError):
        response = problem(400, "invalid", _("填写的内容有误"), errors=_field_errors(exc.detail))
    else:
        code = exc.get_codes()
        response = problem(
            exc.status_code,
            code if isinstance(code, str) else exc.default_code,
            str(exc.default_detail),
            str(exc.detail),
        )
    if wait := getattr(exc, "wait", None):
        response["Retry-After"] = str(int(wait) + 1)
    if header := getattr(exc, "auth_header", None):
        response["WWW-Authenticate"] = header
    return response
