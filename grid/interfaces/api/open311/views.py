"""The resources of GeoReport v2."""

import math
import re
import uuid
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from cityops.foundation.api.idempotency import IdempotentWrites
from cityops.foundation.errors import InvalidInput, NotAllowed, NotThere
from grid.interfaces.api.open311.base import GeoReportView, jurisdiction
from grid.interfaces.rules import georeport as rules
from grid.interfaces.selectors import georeport as selectors
from grid.interfaces.selectors.georeport import Asked, RequestShown
from grid.interfaces.services.georeport import COMPONENT_ATTRIBUTE, PERSONAL, Submission, Submitted, submit
from sync.standard.models import ClassEntry

CHANGED = "2026-11-26T00:00:00Z"
"""When the interface last changed."""
ATTRIBUTE = re.compile(r"attribute\[([^\]]*)\](\[\])?")
LONGEST_PERSONAL = 254


def _moment(value: datetime | None) -> str | None:
    return None if value is None else timezone.localtime(value).isoformat(timespec="seconds")


class Discovery(GeoReportView):
    """Where the interface is (Open311 service discovery)."""

    root = "discovery"

    def get(self, request: Request, form: str) -> Response:
        """One endpoint."""
        url = request.build_absolute_uri(request.path.rpartition("/")[0])
        endpoint = {
            "specification": "http://wiki.open311.org/GeoReport_v2",
            "url": url,
            "changeset": CHANGED,
            "type": "production",
            "formats": ["text/xml", "application/json"],
        }
        return Response(
            {
                "changeset": CHANGED,
                "contact": _("本市城市运行管理服务平台系统管理员"),
                "key_service": _("api_key 即接口令牌,由系统管理员在“应用维护 › 接口令牌”签发。"),
                "endpoints": [endpoint],
            }
        )


def _service(entry: ClassEntry) -> dict[str, Any]:
    return {
        "service_code": rules.service_code(entry.kind, entry.class_code),
        "service_name": entry.class_name,
        "description": f"{entry.get_kind_display()} · {entry.big_name or entry.big_code} · {entry.version}",
        "metadata": entry.kind == ClassEntry.Kind.COMPONENT,
        "type": "realtime",
        "keywords": ",".join(word for word in (entry.big_name, entry.class_name, entry.class_name_en) if word),
        "group": entry.big_name or entry.big_code,
    }


class Services(GeoReportView):
    """What can be reported."""

    root = "services"

    def get(self, request: Request, form: str) -> Response:
        """The classes in force, grouped by their major class."""
        return Response([_service(entry) for entry in selectors.services()])


class ServiceOne(GeoReportView):
    """What a service asks for."""

    root = "service_definition"

    def get(self, request: Request, code: str, form: str) -> Response:
        """Its attributes: a component may be named, a matter has none."""
        kind, _dash, class_code = code.partition("-")
        entry = selectors.service_of(kind, class_code)
        if entry is None:
            raise NotThere(_("没有服务 %s;请从 services 取得现行的 service_code。") % code[:40])
        attributes = [_component_attribute()] if entry.kind == ClassEntry.Kind.COMPONENT else []
        return Response({"service_code": code, "attributes": attributes})


def _component_attribute() -> dict[str, Any]:
    return {
        "variable": True,
        "code": COMPONENT_ATTRIBUTE,
        "datatype": "string",
        "required": False,
        "datatype_description": _("17 位标识码,旧标准 16 位"),
        "order": 1,
        "description": _("部件标识码(如果知道)"),
        "values": [],
    }


def _request(shown: RequestShown) -> dict[str, Any]:
    return {
        "service_request_id": shown.number,
        "status": shown.status,
        "status_notes": shown.status_notes,
        "service_name": shown.service_name,
        "service_code": shown.service_code,
        "description": shown.description,
        "agency_responsible": shown.agency,
        "service_notice": None,
        "requested_datetime": _moment(shown.requested_at),
        "updated_datetime": _moment(shown.updated_at),
        "expected_datetime": _moment(shown.expected_at),
        "address": shown.address,
        "address_id": None,
        "zipcode": None,
        "lat": shown.latitude,
        "long": shown.longitude,
        "media_url": None,
    }


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())[: rules.MOST_REQUESTS]


def _asked(request: Request) -> Asked:
    """What a list is narrowed to. Raises GeoReportFault."""
    given = request.query_params
    if numbers := _list(given.get("service_request_id", "")):
        return Asked(numbers=numbers)
    ends = [rules.parse_moment(name, given[name]) if given.get(name) else None for name in ("start_date", "end_date")]
    begin, end = rules.span(ends[0], ends[1], timezone.now())
    return Asked(
        begin=begin,
        end=end,
        services=tuple(rules.parse_service_code(code) for code in _list(given.get("service_code", ""))),
        stages=rules.parse_statuses(given["status"]) if given.get("status") else frozenset(),
    )


class Requests(IdempotentWrites, GeoReportView):
    """Read and send requests."""

    root = "service_requests"

    def get(self, request: Request, form: str) -> Response:
        """The newest that fit: at most 1000, of at most 90 days."""
        return Response([_request(one) for one in selectors.find_requests(self.reader, _asked(request))])

    def post(self, request: Request, form: str) -> Response:
        """Register one; needs a key. 201 with its number."""
        if self.reader is None:
            raise NotAllowed(_("缺少 api_key:POST 需要接口令牌,放在表单的 api_key 中,或用 Authorization: Bearer。"))
        form_data: Any = request.data
        done = submit(self.reader, _submission(form_data))
        answer = {
            "service_request_id": done.registered.case_no,
            "service_notice": _notice(done, form_data),
            "account_id": None,  # of the sender; it is not given back, so that no stored answer holds it
        }
        return Response([answer], status=201)


def _notice(done: Submitted, form: Any) -> str:
    told = [_("已登记,预计 %s 前受理。") % timezone.localtime(done.registered.stage_due_at).strftime("%Y-%m-%d %H:%M")]
    if not done.is_kept:
        told.append(_("本平台没有保存您给出的姓名和联系方式。"))
    if form.get("media_url"):
        told.append(_("本接口不接收 media_url,没有保存图片。"))
    return " ".join(told)


def _submission(form: Any) -> Submission:
    """The request of a form. Raises InvalidInput, which names every field that is missing or wrong."""
    faults: list[str] = []
    if not form.get("service_code"):
        faults.append(_("缺少 service_code:请从 services 取得。"))
    place = [_degrees(form, name, faults) for name in ("long", "lat")]
    personal = {name: form.get(name, "").strip() for name in PERSONAL}
    faults += [
        _("%(name)s 最多 %(length)s 个字。") % {"name": name, "length": LONGEST_PERSONAL}
        for name, value in personal.items()
        if len(value) > LONGEST_PERSONAL
    ]
    attributes = {found[1]: form[name] for name in form if (found := ATTRIBUTE.fullmatch(name))}
    faults += [_("没有属性 %s;请看服务定义。") % name[:40] for name in attributes if name != COMPONENT_ATTRIBUTE]
    if faults:
        raise InvalidInput(" ".join(faults))
    return Submission(
        service_code=form["service_code"],
        longitude=place[0],
        latitude=place[1],
        description=form.get("description", ""),
        address=form.get("address_string", ""),
        component_id=attributes.get(COMPONENT_ATTRIBUTE, "").strip(),
        personal=personal,
    )


def _degrees(form: Any, name: str, faults: list[str]) -> float:
    try:
        number = float(form.get(name, ""))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        faults.append(_("缺少 %s,或不是数字:请给出 lat 和 long(WGS 84 度);只有 address_string 不够。") % name)
    return number


class RequestOne(GeoReportView):
    """One request."""

    root = "service_requests"

    def get(self, request: Request, number: str, form: str) -> Response:
        """A list of one, as the specification has it."""
        found = selectors.find_requests(self.reader, Asked(numbers=(number,)))
        if not found:
            raise NotThere(_("没有 service_request_id %s,或者不公开。") % number[:40])
        return Response([_request(one) for one in found])


class TokenOne(GeoReportView):
    """The number behind a token. This interface gives the number at once, so that tokens are seldom needed."""

    root = "service_requests"

    def get(self, request: Request, token: uuid.UUID, form: str) -> Response:
        """Number and token."""
        number = selectors.number_of_token(self.reader, token)
        if number is None:
            raise NotThere(_("没有令牌 %s。") % token)
        return Response([{"service_request_id": number, "token": str(token)}])


class Unknown(GeoReportView):
    """An address where nothing is."""

    root = "errors"

    def get(self, request: Request, rest: str) -> Response:
        """404 in the form of the specification."""
        raise NotThere(
            _(
                "没有地址 %(rest)s;可用:services、services/{代码}、requests、requests/{案件号}、tokens/{令牌},"
                "以 .json 或 .xml 结尾;辖区 %(id)s。"
            )
            % {"rest": rest[:80], "id": jurisdiction()}
        )

    post = get
