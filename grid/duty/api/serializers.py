"""What goes out about duty, and the little that comes in."""

from typing import Any

from rest_framework import serializers

from cityops.foundation.api.serializers import StrictInput
from grid.duty.models import Assignment, DutyGrid, EvaluationGrid, Visit

GRID_FIELDS = ["grid_code", "name", "grid_kind", "org_code", "division_code", "valid_from", "valid_to", "origin_code"]


class DutyGridRow(serializers.ModelSerializer):
    """A responsibility grid in a list."""

    division_code = serializers.CharField(read_only=True)
    unit_count = serializers.IntegerField(read_only=True, help_text="Unit grids that belong to it today")

    class Meta:
        model = DutyGrid
        fields = [*GRID_FIELDS, "unit_count"]
        read_only_fields = fields


class DutyGridAnswer(serializers.ModelSerializer):
    """A responsibility grid with its unit grids and its outline."""

    division_code = serializers.CharField(read_only=True)
    unit_grids = serializers.SerializerMethodField()
    geometry = serializers.SerializerMethodField()

    class Meta:
        model = DutyGrid
        fields = [*GRID_FIELDS, "unit_grids", "geometry"]
        read_only_fields = fields

    def get_unit_grids(self, grid: DutyGrid) -> list[str]:
        """Codes of its unit grids."""
        return grid.unit_codes

    def get_geometry(self, grid: DutyGrid) -> dict[str, Any]:
        """GeoJSON geometry, longitude and latitude in CGCS2000."""
        return {"type": "MultiPolygon", "coordinates": grid.geom.coords if grid.geom else []}


class DutyGridInput(StrictInput):
    """A responsibility grid to make: its unit grids, each beside another."""

    name = serializers.CharField(max_length=60)
    grid_kind = serializers.ChoiceField(choices=DutyGrid.Kind.choices, default=DutyGrid.Kind.COLLECTING)
    unit_grids = serializers.ListField(child=serializers.RegexField(r"^\d{14,15}$"), max_length=500)
    org_code = serializers.CharField(max_length=18)
    leader = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    valid_from = serializers.DateField(required=False)


class EvaluationGridRow(serializers.ModelSerializer):
    """An evaluation grid in a list."""

    class Meta:
        model = EvaluationGrid
        fields = [
            "grid_code",
            "name",
            "grid_type",
            "division_code",
            "road_grade",
            "pop_band",
            "eval_year",
            "status",
            "origin_code",
        ]
        read_only_fields = fields


class AssignmentAnswer(serializers.ModelSerializer):
    """An entry of the roster."""

    shift = serializers.CharField(source="shift.name", read_only=True)
    grid_code = serializers.CharField(source="duty_grid.grid_code", read_only=True)
    grid_name = serializers.CharField(source="duty_grid.name", read_only=True)
    supervisor = serializers.CharField(source="supervisor.username", read_only=True)
    substitute = serializers.SerializerMethodField()

    class Meta:
        model = Assignment
        fields = ["id", "day", "shift", "starts_at", "ends_at", "grid_code", "grid_name", "supervisor", "substitute"]
        read_only_fields = fields

    def get_substitute(self, entry: Assignment) -> str:
        """User name of who stands in; empty for nobody."""
        return entry.substitute.username if entry.substitute else ""


class AssignmentInput(StrictInput):
    """Somebody to put on the roster."""

    day = serializers.DateField()
    shift = serializers.CharField(max_length=20, help_text="Name of the shift")
    grid_code = serializers.CharField(max_length=18)
    supervisor = serializers.CharField(max_length=150, help_text="User name")


class VisitInput(StrictInput):
    """A visit: the unit grid, or where the phone was (which is not kept)."""

    visit_id = serializers.UUIDField(required=False, help_text="Made by the phone; the same visit sent again is one")
    grid_code = serializers.RegexField(r"^\d{14,15}$", required=False)
    longitude = serializers.FloatField(min_value=-180, max_value=180, required=False)
    latitude = serializers.FloatField(min_value=-90, max_value=90, required=False)
    at = serializers.DateTimeField(required=False, help_text="When; now if left out. At most seven days ago")


class VisitAnswer(serializers.ModelSerializer):
    """A visit as it is kept."""

    class Meta:
        model = Visit
        fields = ["visit_id", "grid_code", "at", "source"]
        read_only_fields = fields


class OwnDutyAnswer(serializers.Serializer[Any]):
    """What somebody patrols today: the entries of the roster, and the unit grids of all of them."""

    assignments = AssignmentAnswer(many=True)
    patrol_area = serializers.ListField(child=serializers.CharField())


class CoverageAnswer(serializers.Serializer[Any]):
    """Coverage of one responsibility grid in one shift of one day."""

    day = serializers.DateField()
    shift = serializers.CharField()
    grid_code = serializers.CharField()
    grid_name = serializers.CharField()
    scheduled = serializers.IntegerField(source="coverage.scheduled")
    visited = serializers.IntegerField(source="coverage.visited")
    rate_percent = serializers.DecimalField(
        max_digits=5, decimal_places=2, allow_null=True, source="coverage.rate_percent"
    )


class CoverageReport(serializers.Serializer[Any]):
    """单元网格巡查覆盖率: the whole, and its parts."""

    first = serializers.DateField()
    last = serializers.DateField()
    scheduled = serializers.IntegerField()
    visited = serializers.IntegerField()
    rate_percent = serializers.DecimalField(
        max_digits=5, decimal_places=2, allow_null=True, help_text="null: nothing was scheduled, so there is no rate"
    )
    rows = CoverageAnswer(many=True)
