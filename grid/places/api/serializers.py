"""What goes out about places, and what comes in."""

from typing import Any

from rest_framework import serializers

from cityops.foundation.api.serializers import StrictInput
from grid.places.models import Place
from grid.places.rules.bearings import SIDES
from grid.places.rules.matching import Reason, Verdict
from grid.places.selectors.geocoding import Candidate, note_of

PLACE_FIELDS = [
    "place_id",
    "place_name",
    "place_type",
    "std_address",
    "alias",
    "longitude",
    "latitude",
    "grid_code",
    "division_code",
    "valid",
    "valid_from",
    "valid_to",
    "source",
    "origin_code",
]
MOST_TEXTS = 200
"""Addresses in one call."""


class PlaceRow(serializers.ModelSerializer):
    """A place with its point (CGCS2000)."""

    longitude = serializers.FloatField(source="geom.x", read_only=True)
    latitude = serializers.FloatField(source="geom.y", read_only=True)

    class Meta:
        model = Place
        fields = PLACE_FIELDS
        read_only_fields = PLACE_FIELDS


class PlaceRecord(PlaceRow):
    """One place, with what it is now where its name is out of use."""

    historic_of = serializers.CharField(
        source="historic_of.place_id", default="", read_only=True, help_text="Id of the place it is today"
    )
    parent = serializers.CharField(  # type: ignore[assignment]  # the dataset's own field name
        source="parent.place_id", default="", read_only=True
    )
    note = serializers.SerializerMethodField()

    class Meta(PlaceRow.Meta):
        fields = [*PLACE_FIELDS, "historic_of", "parent", "note"]
        read_only_fields = fields

    def get_note(self, place: Place) -> str:
        """What is to be known of a name out of use; empty for a current one."""
        return note_of(place)


class PlaceInput(StrictInput):
    """A place to make; number, grid and community are given by the platform."""

    place_name = serializers.CharField(max_length=100)
    place_type = serializers.ChoiceField(choices=Place.Type.choices)
    std_address = serializers.CharField(max_length=300)
    alias = serializers.CharField(max_length=300, required=False, allow_blank=True)
    source = serializers.CharField(  # type: ignore[assignment]  # the place's own field name
        max_length=60, required=False, allow_blank=True
    )
    valid_from = serializers.DateField(required=False, allow_null=True)
    longitude = serializers.FloatField(min_value=-180, max_value=180, help_text="Degrees, CGCS2000")
    latitude = serializers.FloatField(min_value=-85, max_value=85, help_text="Degrees, CGCS2000")


class PlaceEdit(StrictInput):
    """Fields to change; what is left out stays."""

    place_name = serializers.CharField(max_length=100, required=False)
    place_type = serializers.ChoiceField(choices=Place.Type.choices, required=False)
    std_address = serializers.CharField(max_length=300, required=False)
    alias = serializers.CharField(max_length=300, required=False, allow_blank=True)
    source = serializers.CharField(  # type: ignore[assignment]  # the place's own field name
        max_length=60, required=False, allow_blank=True
    )
    valid_from = serializers.DateField(required=False, allow_null=True)
    longitude = serializers.FloatField(min_value=-180, max_value=180, required=False)
    latitude = serializers.FloatField(min_value=-85, max_value=85, required=False)
    keeps_old_name = serializers.BooleanField(default=False, help_text="Keep a changed name as a historical one")


class PlaceRetirement(StrictInput):
    """Why a place goes out of use, and what it is now."""

    reason = serializers.CharField(max_length=200)
    successor_id = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")


class CandidateAnswer(serializers.Serializer):
    """A place that may be what a text means."""

    place_id = serializers.CharField(source="place.place_id")
    place_name = serializers.CharField(source="place.place_name")
    place_type = serializers.ChoiceField(choices=Place.Type.choices, source="place.place_type")
    std_address = serializers.CharField(source="place.std_address")
    longitude = serializers.FloatField(source="place.geom.x")
    latitude = serializers.FloatField(source="place.geom.y")
    grid_code = serializers.CharField(source="place.grid_code")
    division_code = serializers.CharField(source="place.division_code")
    community = serializers.CharField(help_text="County, street and community in words")
    score = serializers.FloatField(help_text="From 0 to 1")
    reasons = serializers.ListField(child=serializers.ChoiceField(choices=[reason.value for reason in Reason]))
    why = serializers.CharField(help_text="The reasons in words")
    note = serializers.CharField(allow_blank=True, help_text="What is to be known of a name out of use")

    def to_representation(self, instance: Candidate) -> dict[str, Any]:
        """Coordinates to seven decimals."""
        found: dict[str, Any] = super().to_representation(instance)
        return {**found, "longitude": round(found["longitude"], 7), "latitude": round(found["latitude"], 7)}


class GeocodeAnswer(serializers.Serializer):
    """What became of a text."""

    text = serializers.CharField(allow_blank=True)
    verdict = serializers.ChoiceField(choices=[verdict.value for verdict in Verdict])
    candidates = CandidateAnswer(many=True)


class NearbyAnswer(serializers.Serializer):
    """A place around a point."""

    place_id = serializers.CharField(source="place.place_id")
    place_name = serializers.CharField(source="place.place_name")
    std_address = serializers.CharField(source="place.std_address")
    metres = serializers.FloatField()
    side = serializers.ChoiceField(
        choices=[*SIDES, ""], help_text="Side of the place on which the point lies; empty at the place"
    )
    words = serializers.CharField()


class SpotAnswer(serializers.Serializer):
    """What is known about a point."""

    longitude = serializers.FloatField()
    latitude = serializers.FloatField()
    grid_code = serializers.CharField(allow_blank=True)
    division_code = serializers.CharField(allow_blank=True)
    community = serializers.CharField(allow_blank=True)
    address = serializers.CharField(allow_blank=True, help_text="The spot in words")
    nearby = NearbyAnswer(many=True)


class MatchInput(StrictInput):
    """Addresses to match."""

    addresses = serializers.ListField(
        child=serializers.CharField(max_length=300, allow_blank=True), min_length=1, max_length=MOST_TEXTS
    )


class MatchAnswer(serializers.Serializer):
    """How many were found, and what became of each, in the order given."""

    total = serializers.IntegerField()
    found = serializers.IntegerField()
    ambiguous = serializers.IntegerField()
    missing = serializers.IntegerField()
    hit_rate_percent = serializers.DecimalField(max_digits=4, decimal_places=1)
    answers = GeocodeAnswer(many=True)
