"""The API of the cities side by side: what 城市一览 shows."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from cityops.accounts.api.permissions import HasPermission
from cityops.accounts.guards import person_of
from cityops.foundation.api.etag import Polled
from cityops.foundation.errors import InvalidInput
from cityops.foundation.paging import CursorPaging
from cityops.regions.models import Division
from cityops.web import cities
from evaluation.api.serializers import PlaceAnswer, ValueAnswer
from evaluation.documents import value_document
from evaluation.rules import INDICATORS, Indicator
from sync.exchange.api.serializers import LIGHTS


class CellAnswer(serializers.Serializer[Any]):
    """One dataset of one city."""

    dataset = serializers.CharField()
    light = serializers.ChoiceField(choices=LIGHTS)
    equal_at = serializers.DateTimeField(allow_null=True, help_text="When both ends were last seen equal")
    records = serializers.IntegerField()
    parked = serializers.IntegerField()


class CityLinkAnswer(serializers.Serializer[Any]):
    """The link to a city's platform."""

    light = serializers.ChoiceField(choices=LIGHTS)
    worst = serializers.ChoiceField(choices=LIGHTS, help_text="The worst light of the link and its datasets")
    last_ok_at = serializers.DateTimeField(allow_null=True)
    backlog = serializers.IntegerField()
    parked = serializers.IntegerField()
    datasets = CellAnswer(many=True)


class CityCountsAnswer(serializers.Serializer[Any]):
    """Cases of a city that this platform holds."""

    total = serializers.IntegerField()
    today = serializers.IntegerField(help_text="Reported today")
    open = serializers.IntegerField()
    red = serializers.IntegerField(help_text="Open, with a red light")


class CityAnswer(serializers.Serializer[Any]):
    """One city as this platform sees it."""

    place = PlaceAnswer()
    node_code = serializers.CharField(allow_blank=True)
    platform_name = serializers.CharField(allow_blank=True)
    timeliness = serializers.ChoiceField(choices=LIGHTS, help_text="Light of the age of the newest data")
    latest_at = serializers.DateTimeField(allow_null=True, help_text="Newest change of a case that arrived here")
    link = CityLinkAnswer()
    counts = CityCountsAnswer()
    figures = ValueAnswer(many=True, help_text="All indicators of the current month")
    series = ValueAnswer(many=True, help_text="The chosen indicator in the last months, oldest first")


class CityPaging(CursorPaging):
    """Cities in the order of their codes; nothing here ranks them."""

    ordering: Any = ("code", "valid_from")
    page_size = 20
    max_page_size = 50


class CityList(Polled, ListAPIView[Division]):
    """城市一览."""

    permission_classes: Any = [HasPermission("evaluation.view_figure")]
    pagination_class = CityPaging
    serializer_class = CityAnswer
    filter_backends = ()
    queryset = Division.objects.none()

    def get_queryset(self) -> QuerySet[Division]:
        """The cities that the caller may see."""
        return cities.city_divisions(person_of(self.request))

    @extend_schema(
        operation_id="cities_list",
        parameters=[
            OpenApiParameter(
                "indicator", str, enum=list(INDICATORS), description=f"Of the series; {cities.ON_TIME} if left out"
            )
        ],
        responses=CityAnswer(many=True),
    )
    def get(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Figures, link and age of the data, city by city."""
        indicator = self._indicator(request.query_params.get("indicator", cities.ON_TIME))
        page = self.paginate_queryset(self.get_queryset())
        rows = cities.rows(person_of(request), indicator, timezone.now(), page or [])
        return self.get_paginated_response([CityAnswer(_document(row)).data for row in rows])

    def _indicator(self, code: str) -> Indicator:
        if code not in INDICATORS:
            raise InvalidInput(
                f"indicator: {', '.join(INDICATORS)}.", errors=[{"field": "indicator", "code": "invalid_choice"}]
            )
        return INDICATORS[code]


def _document(row: cities.CityRow) -> dict[str, Any]:
    link = row.link
    return {
        "place": row.place,
        "node_code": row.node.node_code if row.node else "",
        "platform_name": row.node.platform_name if row.node else "",
        "timeliness": row.timeliness,
        "latest_at": row.latest_at,
        "link": {
            "light": link.light,
            "worst": link.worst,
            "last_ok_at": link.last_ok_at,
            "backlog": link.backlog,
            "parked": link.parked,
            "datasets": list(link.cells.values()),
        },
        "counts": {name: row.counts.get(name, 0) for name in ("total", "today", "open", "red")},
        "figures": [value_document(figure) for figure in row.figures.values()],
        "series": [value_document(figure) for figure in row.series],
    }
