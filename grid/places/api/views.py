"""The API of places: lists and upkeep, from text to point and back, matching of many addresses."""

from collections import Counter
from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cityops.accounts.api.permissions import HasPermission
from cityops.accounts.guards import person_of
from cityops.foundation.api.etag import Polled
from cityops.foundation.api.idempotency import IdempotentWrites
from cityops.foundation.errors import InvalidInput
from cityops.foundation.paging import CursorPaging
from cityops.foundation.patience import patience
from grid.places.api.serializers import (
    GeocodeAnswer,
    MatchAnswer,
    MatchInput,
    PlaceEdit,
    PlaceInput,
    PlaceRecord,
    PlaceRetirement,
    PlaceRow,
    SpotAnswer,
)
from grid.places.models import Place
from grid.places.rules.matching import Verdict
from grid.places.selectors import places as asked_places
from grid.places.selectors.geocoding import geocode, geocode_many
from grid.places.selectors.reports import percent_of
from grid.places.selectors.reverse import around
from grid.places.services import places as services
from grid.selectors.ground import division_prefix

VIEW, CHANGE = "places.view_place", "places.change_place"


class ById(CursorPaging):
    """Places in the order of their ids."""

    ordering = "place_id"


class PlaceFilterSet(filters.FilterSet):
    """What places may be narrowed by."""

    division = filters.CharFilter(method="in_division", help_text="Division code; everything under it counts")
    q = filters.CharFilter(method="holding", help_text="Beginning of the id, or part of name, alias or address")
    place_type = filters.ChoiceFilter(choices=Place.Type.choices)
    valid = filters.ChoiceFilter(choices=Place.Valid.choices)
    grid = filters.CharFilter(field_name="grid_code", help_text="Code of the unit grid")

    class Meta:
        model = Place
        fields: list[str] = []

    def in_division(self, rows: Any, name: str, value: str) -> Any:
        """Places whose community lies in the division."""
        return rows.filter(division_code__startswith=division_prefix(value))

    def holding(self, rows: Any, name: str, value: str) -> Any:
        """By id, name, alias or address."""
        return asked_places.filter_places(rows, q=value)


class PlaceList(IdempotentWrites, Polled, ListAPIView):
    """地点."""

    permission_classes: list[Any] = [HasPermission(VIEW, write=CHANGE)]
    serializer_class = PlaceRow
    pagination_class = ById
    filterset_class = PlaceFilterSet
    queryset = Place.objects.none()

    def get_queryset(self) -> Any:
        """The places this person may see."""
        return asked_places.visible_places(person_of(self.request))

    @extend_schema(operation_id="places_create", request=PlaceInput, responses={201: PlaceRecord}, filters=False)
    def post(self, request: Request) -> Response:
        """Make a place; its number is given here, its grid and community follow from the point."""
        asked = PlaceInput(data=request.data)
        asked.is_valid(raise_exception=True)
        made = services.create_place(person_of(request), asked.validated_data)
        return Response(PlaceRecord(asked_places.get_place(person_of(request), made.place_id)).data, status=201)


class PlaceDetail(IdempotentWrites, Polled, APIView):
    """One place."""

    permission_classes: list[Any] = [HasPermission(VIEW, write=CHANGE)]

    @extend_schema(operation_id="places_retrieve", responses=PlaceRecord)
    def get(self, request: Request, place_id: str) -> Response:
        """Facts and point; 404 where the person may not see it."""
        return Response(PlaceRecord(asked_places.get_place(person_of(request), place_id)).data)

    @extend_schema(operation_id="places_edit", request=PlaceEdit, responses=PlaceRecord)
    def patch(self, request: Request, place_id: str) -> Response:
        """Change what is given."""
        person = person_of(request)
        asked_places.place_to_change(person, place_id)
        asked = PlaceEdit(data=request.data)
        asked.is_valid(raise_exception=True)
        values = dict(asked.validated_data)
        keeps = values.pop("keeps_old_name")
        services.edit_place(person, place_id, values, keeps_old_name=keeps)
        return Response(PlaceRecord(asked_places.get_place(person, place_id)).data)


class PlaceRetire(IdempotentWrites, APIView):
    """A place goes out of use."""

    permission_classes: list[Any] = [HasPermission(CHANGE)]

    @extend_schema(operation_id="places_retire", request=PlaceRetirement, responses=PlaceRecord)
    def post(self, request: Request, place_id: str) -> Response:
        """Retire it; it stays findable, with the note what it is now."""
        person = person_of(request)
        asked_places.place_to_change(person, place_id)
        asked = PlaceRetirement(data=request.data)
        asked.is_valid(raise_exception=True)
        services.retire_place(person, place_id, **asked.validated_data)
        return Response(PlaceRecord(asked_places.get_place(person, place_id)).data)


class PlaceSearch(APIView):
    """Forward geocoding 正向地理编码."""

    permission_classes: list[Any] = [HasPermission(VIEW)]

    @extend_schema(
        operation_id="places_search",
        parameters=[OpenApiParameter("text", str, required=True, description="An address, a name, or its initials")],
        responses=GeocodeAnswer,
    )
    def get(self, request: Request) -> Response:
        """The places that a text may mean, the best first."""
        text = request.query_params.get("text", "")[:300]
        return Response(GeocodeAnswer(geocode(person_of(request), text)).data)


class PlaceReverse(APIView):
    """Reverse geocoding 反向地理编码."""

    permission_classes: list[Any] = [HasPermission(VIEW)]

    @extend_schema(
        operation_id="places_reverse",
        parameters=[
            OpenApiParameter("lon", float, required=True, description="Longitude in degrees, CGCS2000"),
            OpenApiParameter("lat", float, required=True, description="Latitude in degrees, CGCS2000"),
        ],
        responses=SpotAnswer,
    )
    def get(self, request: Request) -> Response:
        """The places around a point with distance and side, its unit grid and its community."""
        lon, lat = (_degrees(request, name) for name in ("lon", "lat"))
        return Response(SpotAnswer(around(person_of(request), lon, lat)).data)


def _degrees(request: Request, name: str) -> float:
    """A coordinate of the address. Raises InvalidInput for what is no number."""
    try:
        return float(request.query_params[name])
    except (KeyError, ValueError) as error:
        told = "Decimal degrees, for example 120.155100."
        raise InvalidInput(told, errors=[{"field": name, "code": f"invalid_{name}", "detail": told}]) from error


class PlaceMatch(APIView):
    """Batch match 批量匹配."""

    permission_classes: list[Any] = [HasPermission("places.match_place")]

    @extend_schema(operation_id="places_match", request=MatchInput, responses=MatchAnswer)
    def post(self, request: Request) -> Response:
        """Match up to 200 addresses; nothing is kept."""
        asked = MatchInput(data=request.data)
        asked.is_valid(raise_exception=True)
        with patience():
            answers = list(geocode_many(person_of(request), asked.validated_data["addresses"]))
        counted = Counter(answer.verdict for answer in answers)
        facts = {
            "total": len(answers),
            **{code.value: counted[code] for code in Verdict},
            "hit_rate_percent": percent_of(counted[Verdict.FOUND], len(answers)),
            "answers": answers,
        }
        return Response(MatchAnswer(facts).data)
