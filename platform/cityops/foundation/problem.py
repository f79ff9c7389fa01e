"""Errors of the API as problem+json (RFC 9457): type, title, status, detail, a stable code, and facts."""

import re
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from cityops.foundation.context import current_actor
from cityops.foundation.errors import CityOpsError, NotAllowed, NotThere
from cityops.foundation.patience import refusal_for

CONTENT_TYPE = "application/problem+json"


REMEDIES: dict[str, Any] = {
    "required": gettext_lazy("补上这个字段。"),
    "null": gettext_lazy("给出一个值,或去掉这个字段。"),
    "blank": gettext_lazy("填写内容,不能为空。"),
    "invalid_choice": gettext_lazy("改用允许的取值,见接口文档。"),
    "max_length": gettext_lazy("缩短内容。"),
    "max_value": gettext_lazy("改用允许范围内的值。"),
    "min_value": gettext_lazy("改用允许范围内的值。"),
    "does_not_exist": gettext_lazy("核对编号,或先建立所引用的对象。"),
    "unique": gettext_lazy("换一个没有用过的值。"),
    "unknown_field": gettext_lazy("去掉或改正这个字段名。"),
    "parse_error": gettext_lazy("请求体应为合法的 JSON。"),
}
"""How to mend what a rule refused, by the rule's code; rules that say it in their sentence are not here."""


def body_of(status: int, code: str, title: str, detail: str = "", **facts: Any) -> dict[str, Any]:
    """The members of a problem document; ``facts`` stand beside the standard ones."""
    body: dict[str, Any] = {"type": f"urn:cityops:problem:{code}", "title": title, "status": status, "code": code}
    if detail and detail != title:
        body["detail"] = detail
    if request_id := current_actor().request_id:
        body["instance"] = f"urn:cityops:request:{request_id}"
    return {**body, **facts}


def problem(status: int, code: str, title: str, detail: str = "", **facts: Any) -> Response:
    """One problem as the answer of an API view."""
    return Response(body_of(status, code, title, detail, **facts), status=status, content_type=CONTENT_TYPE)


def plain_problem(status: int, code: str, title: str, detail: str = "") -> JsonResponse:
    """One problem where no API view was reached: an address without a route, an error nobody foresaw."""
    return JsonResponse(body_of(status, code, title, detail), status=status, content_type=CONTENT_TYPE)


def _field_errors(detail: Any, path: tuple[str | int, ...] = ()) -> list[dict[str, Any]]:
    """Flatten REST framework's nested errors to entries."""
    if isinstance(detail, dict):
        return [e for key, value in detail.items() for e in _field_errors(value, (*path, key))]
    if isinstance(detail, list):
        nested = any(isinstance(value, dict | list) for value in detail)
        return [
            e for number, value in enumerate(detail) for e in _field_errors(value, (*path, number) if nested else path)
        ]
    names = [part for part in path if part != api_settings.NON_FIELD_ERRORS_KEY]
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in names).removeprefix(".")
    code = str(getattr(detail, "code", "invalid"))
    return [_with_remedy({"field": field, "pointer": _pointer(names), "code": code, "detail": str(detail)})]


def _pointer(names: Iterable[str | int]) -> str:
    return "".join(f"/{str(name).replace('~', '~0').replace('/', '~1')}" for name in names)


def _with_remedy(entry: dict[str, Any]) -> dict[str, Any]:
    remedy = REMEDIES.get(entry["code"])
    return {**entry, "remedy": str(remedy)} if remedy and "remedy" not in entry else entry


def _entries_of(exc: CityOpsError) -> list[dict[str, Any]]:
    """The entries of an error, each whole: pointer from the field, and what is left out from the error itself."""
    entries = []
    for given in exc.facts["errors"]:
        entry = {"field": "", "code": exc.code, "detail": exc.detail, **given}
        entry["pointer"] = _pointer(re.findall(r"[^.\[\]]+", entry["field"]))
        entries.append(_with_remedy(entry))
    return entries


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Turn what was refused on purpose into a problem; what nobody foresaw is raised on."""
    if isinstance(exc, Http404):
        exc = NotThere()
    elif isinstance(exc, PermissionDenied):
        exc = NotAllowed()
    exc = refusal_for(exc) or exc
    if isinstance(exc, CityOpsError):
        set_rollback()
        facts = dict(exc.facts)
        if "errors" in facts:
            facts["errors"] = _entries_of(exc)
        return problem(exc.status, exc.code, str(exc.title), exc.detail, **facts)
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
