"""What every resource of GeoReport v2 does alike: the key, the limit, the jurisdiction, the form of a refusal."""

from typing import Any

from django.conf import settings
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView, set_rollback

from cityops.accounts.authentication import ApiTokenAuthentication, holder_of
from cityops.accounts.models import ApiToken, User
from cityops.foundation.addresses import counted_address_of
from cityops.foundation.errors import CityOpsError, InvalidInput, NotAllowed, NotThere
from cityops.foundation.patience import refusal_for
from grid.interfaces.api.open311.rendering import ByAddress, GeoReportJson, GeoReportXml
from grid.interfaces.rules.georeport import GeoReportFault
from grid.interfaces.services.usage import OPEN311, note_use


class KeyInForm(BaseAuthentication):
    """``api_key`` of the form: one of our API tokens. Keys in addresses are refused, because addresses are logged."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The integration whose key was sent; None where none was."""
        if "api_key" in request.query_params:
            raise InvalidInput(_("请勿把 api_key 写在地址里(地址会进入日志);放在表单中,或用 Authorization: Bearer。"))
        if request.method != "POST":
            return None
        if not (request.content_type or "").startswith("multipart/"):
            _keep_body(request)
        form: Any = request.data
        key = form.get("api_key", "")
        return holder_of(key.encode()) if isinstance(key, str) and key else None


def _keep_body(request: Request) -> bytes:
    """Read the body before the form is, so that a repeat of the request can be known by its bytes."""
    return request._request.body


class Open311Rate(SimpleRateThrottle):
    """So many requests per key, or per address where no key comes."""

    scope = "open311"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        """Who is counted."""
        if isinstance(request.auth, ApiToken):
            return f"open311:key:{request.auth.pk}"
        return f"open311:address:{counted_address_of(request._request)}"


class GeoReportView(APIView):
    """A resource. ``root`` is the root element of its XML."""

    schema = None  # specified by GeoReport v2, not by our document
    root = ""
    authentication_classes = [KeyInForm, ApiTokenAuthentication]
    permission_classes = [AllowAny]
    throttle_classes = [Open311Rate]
    parser_classes = [FormParser, MultiPartParser]
    renderer_classes = [GeoReportJson, GeoReportXml]
    content_negotiation_class = ByAddress

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After key and limit: the jurisdiction, and what the key opens."""
        super().initial(request, *args, **kwargs)
        if kwargs.get("form", "json") not in ("json", "xml"):
            raise NotThere(_("只有 json 和 xml 两种格式;请改用地址末尾的 .json 或 .xml。"))
        check_jurisdiction(request)
        if isinstance(request.auth, ApiToken):
            _check_key(request, request.auth)

    @property
    def reader(self) -> User | None:
        """Who reads: the holder of the key, or nobody in particular."""
        return self.request.user if isinstance(self.request.auth, ApiToken) else None  # type: ignore[return-value]

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Count what was answered."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        if answer.status_code < 300:
            note_use(OPEN311)
        return answer

    def handle_exception(self, exc: Exception) -> Response:
        """A refusal in the form of the specification; what nobody foresaw is raised on."""
        status, text = _refusal(exc)
        if not status:
            raise exc
        set_rollback()
        response = Response([{"code": status, "description": text}], status=status, exception=True)
        if wait := getattr(exc, "wait", None):
            response["Retry-After"] = str(int(wait) + 1)
        return response


def jurisdiction() -> str:
    """The id of the jurisdiction: the six digits of the city."""
    region: str = settings.CITYOPS_REGION
    return region[:6]


def check_jurisdiction(request: Request) -> None:
    """Refuse a jurisdiction that is not this city. Raises NotThere."""
    form: Any = request.data if request.method == "POST" else {}
    given = request.query_params.get("jurisdiction_id") or form.get("jurisdiction_id") or ""
    if given and given not in (jurisdiction(), settings.CITYOPS_REGION):
        raise NotThere(
            _("没有 jurisdiction_id %(given)s;本接口只服务于 %(own)s。") % {"given": given[:40], "own": jurisdiction()}
        )


def _check_key(request: Request, key: ApiToken) -> None:
    """Whether the key may do this at all. Raises NotAllowed."""
    scope = "write" if request.method == "POST" else "read"
    if scope not in key.scopes:
        raise NotAllowed(_("api_key 没有 %s 授权;请由系统管理员另行签发。") % scope)
    if scope == "read" and not request.user.has_perm("grid.view_case"):
        raise NotAllowed(_("api_key 所属的对接系统没有查看案件的权限。"))


def _refusal(exc: Exception) -> tuple[int, str]:
    """Status and sentence of a refusal; 0 for what was not refused on purpose."""
    refused = refusal_for(exc) or exc
    if isinstance(refused, GeoReportFault):
        return 400, explained(refused)
    if isinstance(refused, CityOpsError):
        return refused.status, refused.detail
    if isinstance(refused, Http404):
        return 404, str(NotThere.title)
    if isinstance(refused, exceptions.AuthenticationFailed):
        return 403, _("api_key 无效:%s") % refused.detail
    if isinstance(refused, exceptions.APIException):
        return refused.status_code, str(refused.detail)
    return 0, ""


def explained(fault: GeoReportFault) -> str:
    """A fault of a rule in words."""
    sentences = {
        "service_form": _("%(name)s “%(given)s” 不是服务代码;请从 services 取得,例如 2-06001。"),
        "moment_form": _("%(name)s “%(given)s” 不是带时区的时间;例如 2026-07-01T00:00:00Z。"),
        "span_order": _("end_date 早于 start_date。"),
        "span_long": _("start_date 与 end_date 最多相隔 90 天;请分段查询。"),
        "status_form": _("status 只能是 open、closed 或两者(用逗号分隔),收到 %(given)s。"),
    }
    return sentences[fault.rule] % {"name": fault.name, "given": fault.given}
