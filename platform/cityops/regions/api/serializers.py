"""What the API says of divisions."""

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cityops.regions.models import Division


class DivisionRow(serializers.ModelSerializer[Division]):
    """One period of a division's code."""

    is_derived = serializers.BooleanField(read_only=True, help_text="The outline is cut from a larger one, no survey")

    class Meta:
        model = Division
        fields = [
            "code",
            "name",
            "level",
            "parent_code",
            "full_name",
            "valid_from",
            "valid_to",
            "successor_code",
            "source",
            "source_crs",
            "is_derived",
        ]
        read_only_fields = fields


class DivisionAnswer(DivisionRow):
    """A division with its outline and centre as GeoJSON geometries (CGCS2000)."""

    center = serializers.SerializerMethodField()
    boundary = serializers.SerializerMethodField()

    class Meta(DivisionRow.Meta):
        fields = [*DivisionRow.Meta.fields, "center", "boundary"]
        read_only_fields = fields

    @extend_schema_field({"type": "object", "nullable": True})
    def get_center(self, division: Division) -> Any:
        """A point inside."""
        return json.loads(division.center.geojson) if division.center else None

    @extend_schema_field({"type": "object", "nullable": True})
    def get_boundary(self, division: Division) -> Any:
        """The outline."""
        return json.loads(division.boundary.geojson) if division.boundary else None
