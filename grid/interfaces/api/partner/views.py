"""The operations between platforms by REST: each is a move of the core, under the partner's account and rights."""

import uuid
from typing import Any

import django_filters
from django.db import transaction
from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.accounts.models import User
from cityops.foundation.api.idempotency import IdempotentWrites
from cityops.foundation.errors import field_fault
from cityops.foundation.paging import CursorPaging
from cityops.foundation.serving import serve_picture
from grid.api.media import PICTURE
from grid.interfaces.api.partner import serializers as shapes
from grid.interfaces.models import PartnerCase, PartnerNotice
from grid.interfaces.rules.operations import OPERATIONS
from grid.interfaces.selectors.partners import (
    case_facts,
    events_for,
    get_share,
    notices_for,
    partner_of,
    step_facts,
    visible_shares,
)
from grid.interfaces.services.operating import perform, report, sign_notice, take_media
from grid.selectors.media import media_of, photo_of
from grid.services.cases import Report
from grid.services.photos import LARGEST_FILE, file_name, stored_picture
from grid.services.reporting_hooks import keep_reporter

LARGEST_REQUEST = LARGEST_FILE + (1 << 20)
CHANGES_AT_ONCE, MOST_CHANGES = 100, 500
SEES: list[Any] = [HasPermission("grid.view_case")]


def _user(request: Request) -> User:
    return request.user  # type: ignore[return-value]


def _detail(share: PartnerCase) -> dict[str, Any]:
    """A shared case with its steps, as it stands now."""
    share.case.refresh_from_db()
    steps = [step_facts(share, step) for step in share.case.steps.order_by("seq")]
    return {**case_facts(share), "steps": steps, "media": media_of(share.case)}


class ShareFilter(django_filters.FilterSet):
    """What the list of shared cases is narrowed by."""

    their_no = django_filters.CharFilter(help_text="The partner's own number")
    state = django_filters.CharFilter(field_name="case__state", help_text="CL_CASESTATE")

    class Meta:
        model = PartnerCase
        fields = ["their_no", "state"]


class PartnerCases(IdempotentWrites, ListAPIView[PartnerCase]):
    """Cases carried together."""

    permission_classes = SEES
    refuses = ("404",)
    serializer_class = shapes.PartnerCaseRow
    pagination_class = CursorPaging
    filterset_class = ShareFilter
    queryset = PartnerCase.objects.none()

    def get_queryset(self) -> Any:
        """Those of the partner; for people, those of their division."""
        return visible_shares(_user(self.request))

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Rows are facts, not columns."""
        if args and kwargs.get("many"):
            return super().get_serializer([case_facts(share) for share in args[0]], **kwargs)
        return super().get_serializer(*args, **kwargs)

    @extend_schema(
        operation_id="partner_report",
        request=shapes.PartnerReportInput,
        responses={201: shapes.PartnerCaseAnswer},
    )
    def post(self, request: Request) -> Response:
        """上报: register a case; ``their_no`` sent again is the same case."""
        partner = partner_of(request.user)
        asked = shapes.PartnerReportInput(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        theirs, flags = given.pop("their_no"), given.pop("flags", [])
        person = {name: given.pop(f"reporter_{name}", "") for name in ("name", "phone", "email", "address")}
        with transaction.atomic():
            done = report(partner, Report(**given), their_no=theirs, flags=flags)
            if done.registered.is_new:
                keep_reporter(done.registered.rid, **person)
        return Response(shapes.PartnerCaseAnswer(_detail(done.share)).data, status=201)


class PartnerCaseOne(APIView):
    """One shared case."""

    permission_classes = SEES

    @extend_schema(operation_id="partner_case_info", responses=shapes.PartnerCaseAnswer)
    def get(self, request: Request, case_no: str) -> Response:
        """案件信息: what it is, where it stands, its steps; another partner's case is not there (404)."""
        return Response(shapes.PartnerCaseAnswer(_detail(get_share(_user(request), case_no))).data)


class PartnerCaseMedia(APIView):
    """A photo of a shared case."""

    is_polled = True
    permission_classes = SEES

    @extend_schema(operation_id="partner_case_media", responses=PICTURE)
    def get(self, request: Request, case_no: str, media_id: uuid.UUID) -> HttpResponseBase:
        """获取附件: the picture as it is kept (JPEG); one of another case is not there (404)."""
        media = photo_of(get_share(_user(request), case_no).case, media_id)
        return serve_picture(request, stored_picture(media), file_name(media))


class PartnerOperation(IdempotentWrites, APIView):
    """One operation with a shared case."""

    permission_classes = SEES

    @extend_schema(
        operation_id="partner_operate",
        request=shapes.PartnerOperationInput,
        responses=shapes.PartnerCaseAnswer,
        parameters=[OpenApiParameter("operation", str, OpenApiParameter.PATH, enum=list(OPERATIONS))],
    )
    def post(self, request: Request, case_no: str, operation: str) -> Response:
        """Feed back, apply, reply, urge …; 409 tells where the case stands, 403 what the account may not do."""
        share = get_share(_user(request), case_no)
        partner = partner_of(request.user)
        asked = shapes.PartnerOperationInput(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        perform(partner, share, operation, given, media=given.pop("media", ()))
        return Response(shapes.PartnerCaseAnswer(_detail(share)).data)


class PartnerMedia(IdempotentWrites, APIView):
    """Photos of a partner."""

    permission_classes: list[Any] = [HasPermission("grid.add_media")]
    parser_classes = [MultiPartParser]
    refuses = ("404",)

    @extend_schema(
        operation_id="partner_media",
        request={"multipart/form-data": shapes.PartnerMediaInput},
        responses={201: shapes.PartnerMediaAnswer},
    )
    def post(self, request: Request) -> Response:
        """上传附件: take a photo in; it is drawn anew and loses its metadata."""
        partner = partner_of(request.user)
        asked = shapes.PartnerMediaInput(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        photo, number = given.pop("photo"), given.pop("case_no", "")
        share = get_share(_user(request), number) if number else None
        row = take_media(partner, share, photo, **given)
        return Response(shapes.PartnerMediaAnswer(row).data, status=201)


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        told = _("%s 应为不带符号的整数。") % name
        raise field_fault(name, "invalid", told)
    return min(int(text), most)


class PartnerChangesView(APIView):
    """What happened since a cursor."""

    permission_classes = SEES

    @extend_schema(
        operation_id="partner_changes",
        responses=shapes.PartnerChanges,
        parameters=[
            OpenApiParameter("cursor", int, description="The cursor of the last answer; 0 for the beginning"),
            OpenApiParameter("limit", int, description=f"Events at once, at most {MOST_CHANGES}"),
        ],
    )
    def get(self, request: Request) -> Response:
        """变更查询: for platforms that ask every 5 to 10 minutes instead of taking webhooks; the same events in the
        same order, kept for 90 days."""
        cursor = _number(request, "cursor", 0, 10**18)
        limit = max(_number(request, "limit", CHANGES_AT_ONCE, MOST_CHANGES), 1)
        rows = events_for(_user(request))
        found = list(rows.filter(pk__gt=cursor).order_by("pk")[: limit + 1])
        answer = {
            "results": found[:limit],
            "cursor": found[:limit][-1].pk if found else cursor,
            "has_more": len(found) > limit,
        }
        return Response(shapes.PartnerChanges(answer).data)


class PartnerNotices(ListAPIView[PartnerNotice]):
    """Notices to a partner."""

    permission_classes = SEES
    serializer_class = shapes.PartnerNoticeRow
    pagination_class = CursorPaging
    queryset = PartnerNotice.objects.none()

    def get_queryset(self) -> Any:
        """通知查询: its own, the newest first; for people, those of the partners of their division."""
        return notices_for(_user(self.request))


class NoticeSign(IdempotentWrites, APIView):
    """Sign a notice."""

    permission_classes = SEES

    @extend_schema(
        operation_id="partner_notice_sign", request=shapes.NoticeSignInput, responses=shapes.PartnerNoticeRow
    )
    def post(self, request: Request, pk: int) -> Response:
        """通知签收: it was read."""
        partner = partner_of(request.user)
        asked = shapes.NoticeSignInput(data=request.data)
        asked.is_valid(raise_exception=True)
        notice = sign_notice(partner, pk, asked.validated_data.get("signed_by", ""))
        return Response(shapes.PartnerNoticeRow(notice).data)
