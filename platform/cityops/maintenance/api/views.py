"""The API of the nodes."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework.generics import ListAPIView, RetrieveAPIView

from cityops.accounts.api.permissions import HasPermission
from cityops.accounts.guards import person_of
from cityops.foundation.api.etag import Polled
from cityops.foundation.paging import CursorPaging
from cityops.maintenance.api.serializers import NodeAnswer
from tiers.models import Node


class ByCode(CursorPaging):
    """Nodes in the order of their codes."""

    ordering = "node_code"


class NodeFilterSet(filters.FilterSet):
    """By tier, state, parent."""

    class Meta:
        model = Node
        fields = ("tier", "status", "parent_code")


class NodeList(Polled, ListAPIView):
    """平台节点: this node, and those in the caller's division."""

    permission_classes: Any = [HasPermission("maintenance.view_node")]
    serializer_class = NodeAnswer
    pagination_class = ByCode
    filterset_class = NodeFilterSet
    queryset = Node.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        """What the caller may see."""
        return Node.objects.visible_to(person_of(self.request))


class NodeDetail(Polled, RetrieveAPIView):
    """One node."""

    permission_classes: Any = [HasPermission("maintenance.view_node")]
    serializer_class = NodeAnswer
    lookup_field = "node_code"
    filter_backends = ()
    queryset = Node.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        """What the caller may see."""
        return Node.objects.visible_to(person_of(self.request))
