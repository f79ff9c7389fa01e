"""The API of the exchange: the same as its pages."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.foundation.api.etag import Polled
from cityops.foundation.errors import NotThere
from cityops.foundation.paging import CursorPaging
from sync.exchange import selectors
from sync.exchange.api.serializers import DatasetStateAnswer, LinkAnswer, LinkDetailAnswer, ParkedAnswer
from sync.exchange.models import Parked
from sync.exchange.rules.refusals import remedy


class LinkList(Polled, APIView):
    """链路: this node's links with their state."""

    permission_classes: Any = [HasPermission("exchange.view_link")]

    @extend_schema(operation_id="exchange_links_list", responses=LinkAnswer(many=True))
    def get(self, request: Request) -> Response:
        """All links that the caller may see."""
        return Response(LinkAnswer(selectors.links_seen(request.user), many=True).data)


class LinkDetail(Polled, APIView):
    """链路: one link with its datasets, streams, batches, receipts and comparisons, the newest first."""

    permission_classes: Any = [HasPermission("exchange.view_link")]

    @extend_schema(operation_id="exchange_links_retrieve", responses=LinkDetailAnswer)
    def get(self, request: Request, peer: str) -> Response:
        """The same as the link's page; 404 where the caller may not see the peer."""
        link = next((one for one in selectors.links_seen(request.user) if one.peer_code == peer), None)
        if link is None:
            raise NotThere
        rows = [row for row in selectors.link_matrix(request.user) if row.peer_code == peer]
        behind = {
            "remedy": remedy(link.frozen_reason),
            "datasets": [cell for row in rows for cell in row.cells.values()],
            "streams": selectors.streams_of(link, request.user),
            "batches": selectors.batches_of(link, request.user),
            "receipts": selectors.receipts_of(link, request.user),
            "comparisons": selectors.comparisons_of(link, request.user),
        }
        own = {name: getattr(link, name) for name in LinkDetailAnswer().get_fields() if name not in behind}
        return Response(LinkDetailAnswer({**own, **behind}).data)


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


class ParkedList(Polled, ListAPIView):
    """暂存记录: what could not be applied, with reasons and remedies."""

    permission_classes: Any = [HasPermission("exchange.view_link")]
    serializer_class = ParkedAnswer
    pagination_class = ParkedPaging
    filterset_fields = ("dataset", "owner_code", "state")
    queryset = Parked.objects.none()

    def get_queryset(self) -> Any:
        """The parked records that the caller may see."""
        return Parked.objects.visible_to(self.request.user).defer("line", "children")
