"""What goes out about the ground, and the little that comes in."""

from typing import Any

from rest_framework import serializers

from cityops.foundation.api.serializers import StrictInput
from grid.models import Component, ImportIssue, ImportRun, UnitGrid
from grid.selectors.aliases import former_codes
from grid.services.imports.uploads import LARGEST_MAPPING, LARGEST_UPLOAD, SUFFIXES

GRID_FIELDS = [
    "grid_code",
    "name",
    "division_code",
    "area_m2",
    "boundary_desc",
    "is_paved",
    "init_date",
    "change_date",
    "status",
    "area_class",
    "note",
    "origin_code",
]
COMPONENT_FIELDS = [
    "obj_id",
    "obj_name",
    "class_code",
    "std_ref",
    "dept_code1",
    "dept_name1",
    "dept_code2",
    "dept_name2",
    "dept_code3",
    "dept_name3",
    "grid_code",
    "division_code",
    "state",
    "init_date",
    "change_date",
    "data_source",
    "precision_class",
    "note",
    "origin_code",
]


class GridRow(serializers.ModelSerializer):
    """A unit grid in a list, without its outline."""

    class Meta:
        model = UnitGrid
        fields = GRID_FIELDS
        read_only_fields = GRID_FIELDS


class GridAnswer(GridRow):
    """A unit grid with its outline."""

    geometry = serializers.SerializerMethodField()

    class Meta(GridRow.Meta):
        fields = [*GRID_FIELDS, "geometry"]

    def get_geometry(self, grid: UnitGrid) -> dict[str, Any]:
        """GeoJSON geometry, longitude and latitude in CGCS2000."""
        return {"type": grid.geom.geom_type, "coordinates": grid.geom.coords}


class ComponentRow(serializers.ModelSerializer):
    """A component in a list, without its shape."""

    class Meta:
        model = Component
        fields = COMPONENT_FIELDS
        read_only_fields = COMPONENT_FIELDS


class ComponentAnswer(ComponentRow):
    """A component with its shape."""

    geometry = serializers.SerializerMethodField()

    former_ids = serializers.SerializerMethodField()

    class Meta(ComponentRow.Meta):
        fields = [*COMPONENT_FIELDS, "geometry", "former_ids"]

    def get_geometry(self, component: Component) -> dict[str, Any]:
        """GeoJSON geometry, longitude and latitude in CGCS2000."""
        return {"type": component.geom.geom_type, "coordinates": component.geom.coords}

    def get_former_ids(self, component: Component) -> list[str]:
        """Ids that it had by another standard, the latest first; each still leads here."""
        return [alias.old for alias in former_codes(component)]


class ComponentEdit(StrictInput):
    """Descriptive fields of a component; what is left out stays."""

    obj_name = serializers.CharField(max_length=30, required=False)
    dept_code2 = serializers.CharField(max_length=18, required=False, allow_blank=True)
    dept_name2 = serializers.CharField(max_length=100, required=False, allow_blank=True)
    dept_code3 = serializers.CharField(max_length=18, required=False, allow_blank=True)
    dept_name3 = serializers.CharField(max_length=100, required=False, allow_blank=True)
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True)


class StateChange(StrictInput):
    """A component's new state."""

    state = serializers.ChoiceField(choices=Component.State.choices)
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class ImportAnswer(serializers.ModelSerializer):
    """An import: how far it is, what was taken, and the summary."""

    summary = serializers.DictField(read_only=True)

    class Meta:
        model = ImportRun
        fields = [
            "id",
            "kind",
            "file_name",
            "file_sha",
            "state",
            "started_at",
            "ended_at",
            "rows_read",
            "rows_taken",
            "rows_refused",
            "refusal",
            "summary",
            "started_by",
        ]
        read_only_fields = fields


class IssueAnswer(serializers.ModelSerializer):
    """One fault of one row, with its remedy."""

    class Meta:
        model = ImportIssue
        fields = ["row_no", "key", "field", "code", "is_fatal", "message", "remedy"]
        read_only_fields = fields


class ImportUpload(StrictInput):
    """A file with its mapping, as multipart/form-data."""

    kind = serializers.ChoiceField(choices=ImportRun.Kind.choices)
    file = serializers.FileField(help_text="CSV, xlsx or GeoJSON, also as .gz; 200 MB at most")
    mapping = serializers.CharField(
        max_length=LARGEST_MAPPING,
        required=False,
        allow_blank=True,
        default="",
        help_text="The mapping file's text (TOML); without it a column whose head is the name of a field is taken",
    )
    dry_run = serializers.BooleanField(default=False)
    skip_refused = serializers.BooleanField(default=False)
    repair = serializers.BooleanField(default=False)

    def validate_file(self, file: Any) -> Any:
        """Type by name and size; the content is checked when it is read."""
        if not file.name.lower().removesuffix(".gz").endswith(SUFFIXES) or file.size > LARGEST_UPLOAD:
            raise serializers.ValidationError("CSV, xlsx or GeoJSON (also as .gz), 200 MB at most.", code="file_type")
        return file
