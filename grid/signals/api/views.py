"""The API of signals: list, one, answer, review."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.accounts.guards import person_of
from cityops.foundation.api.etag import Polled
from cityops.foundation.api.idempotency import IdempotentWrites
from cityops.foundation.paging import CursorPaging
from grid.signals.api.serializers import SignalLine, SignalReplyInput, SignalReviewInput, SignalWhole
from grid.signals.models import Signal
from grid.signals.selectors.signals import get_signal, visible_signals
from grid.signals.services import reviewing

SEES: Any = HasPermission("signals.view_signal")


class SignalPaging(CursorPaging):
    """Newest first."""

    ordering: Any = ("-found_at", "-id")


class SignalList(Polled, ListAPIView[Signal]):
    """疑点."""

    permission_classes: Any = [SEES]
    serializer_class = SignalLine
    pagination_class = SignalPaging
    filterset_fields = ("kind", "state", "org_code", "grid_code")
    queryset = Signal.objects.none()

    def get_queryset(self) -> Any:
        """The signals that the caller may see."""
        return visible_signals(person_of(self.request))


class SignalDetail(Polled, APIView):
    """One signal."""

    permission_classes: Any = [SEES]

    @extend_schema(operation_id="signals_retrieve", responses=SignalWhole)
    def get(self, request: Request, pk: int) -> Response:
        """A signal with what was said about it."""
        return Response(SignalWhole(get_signal(person_of(request), pk)).data)


class SignalAnswering(IdempotentWrites, APIView):
    """Say something about a signal."""

    permission_classes: Any = [HasPermission("signals.answer_signal")]
    refuses = ("400", "409")

    @extend_schema(operation_id="signals_answer", request=SignalReplyInput, responses=SignalWhole)
    def post(self, request: Request, pk: int) -> Response:
        """For whom it names, and for who reviews."""
        get_signal(person_of(request), pk)
        given = SignalReplyInput(data=request.data)
        given.is_valid(raise_exception=True)
        reviewing.answer(person_of(request), pk, **given.validated_data)
        return Response(SignalWhole(get_signal(person_of(request), pk)).data)


class SignalReviewing(IdempotentWrites, APIView):
    """Close a signal."""

    permission_classes: Any = [HasPermission("signals.review_signal")]
    refuses = ("400", "409")

    @extend_schema(operation_id="signals_review", request=SignalReviewInput, responses=SignalWhole)
    def post(self, request: Request, pk: int) -> Response:
        """As explained, dismissed or confirmed; or open it again."""
        get_signal(person_of(request), pk)
        given = SignalReviewInput(data=request.data)
        given.is_valid(raise_exception=True)
        reviewing.review(person_of(request), pk, **given.validated_data)
        return Response(SignalWhole(get_signal(person_of(request), pk)).data)
