"""The API of the exchange: the same as its pages."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.foundation.api.etag import Polled
from cityops.foundation.paging import CursorPaging
from sync.exchange import selectors
from sync.exchange.api.serializers import DatasetStateAnswer, LinkAnswer, ParkedAnswer
from sync.exchange.models import Parked


class LinkList(Polled, APIView):
    """链路: this node's links with their state."""

    permission_classes: Any = [HasPermission("exchange.view_link")]

    @extend_schema(operation_id="exchange_links_list", responses=LinkAnswer(many=True))
    def get(self, request: Request) -> Response:
        """All links that the caller may see."""
        return Response(LinkAnswer(selectors.links_seen(request.user), many=True).data)


class DatasetStateList(Polled, APIView):
    """各数据集: per owner and dataset, what is held here and when both ends were last seen equal."""

    permission_classes: Any = [HasPermission("exchange.view_link")]

    @extend_schema(operation_id="exchange_datasets_list", responses=DatasetStateAnswer(many=True))
    def get(self, request: Request) -> Response:
        """Every owner and dataset that the caller may see."""
        cells = [cell for row in selectors.link_matrix(request.user) for cell in row.cells.values()]
        return Response(DatasetStateAnswer(cells, many=True).data)


class ParkedPaging(CursorPaging):
    """Newest first."""

    ordering = ("-parked_at", "-id")


class ParkedList(ListAPIView):
    """暂存记录: what could not be applied, with reasons and remedies."""

    permission_classes: Any = [HasPermission("exchange.view_link")]
    serializer_class = ParkedAnswer
    pagination_class = ParkedPaging
    filterset_fields = ("dataset", "owner_code", "state")
    queryset = Parked.objects.none()

    def get_queryset(self) -> Any:
        """The parked records that the caller may see."""
        return Parked.objects.visible_to(self.request.user).defer("line", "children")
