"""What goes in and out about components over time: history, checks, completeness, conversions."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cityops.foundation.api.serializers import StrictInput
from cityops.foundation.coordinates import CoordinateSystem
from grid.models import CodeConversion, Component, ComponentChange, ComponentCheck
from grid.rules.codes import CURRENT
from grid.selectors.completeness import FIELDS
from grid.services.component_checks import SEEN

UNIT_NAMES = {"dept_code": 18, "dept_name": 100}


class ChangeRow(serializers.ModelSerializer):
    """One change of a component: who, when, why, from what to what."""

    before = serializers.DictField(read_only=True, allow_null=True)
    after = serializers.DictField(read_only=True, allow_null=True)

    class Meta:
        model = ComponentChange
        fields = ["id", "kind", "at", "by_name", "reason", "case_no", "run", "before", "after"]
        read_only_fields = fields


class AsOfAnswer(serializers.Serializer):
    """A component as it was at the end of a day."""

    day = serializers.DateField()
    was_there = serializers.BooleanField(help_text="False before it was recorded")
    undone = serializers.IntegerField(help_text="Changes since then")
    fields_then = serializers.DictField(source="fields", help_text="Field to value; geom as WKT in CGCS2000")


class DayAsked(StrictInput):
    """Which day."""

    day = serializers.DateField()


class Units(StrictInput):
    """The three responsible units; where one of code and name is given, the other is completed."""

    dept_code1 = serializers.CharField(max_length=18, required=False, allow_blank=True)
    dept_name1 = serializers.CharField(max_length=100, required=False, allow_blank=True)
    dept_code2 = serializers.CharField(max_length=18, required=False, allow_blank=True)
    dept_name2 = serializers.CharField(max_length=100, required=False, allow_blank=True)
    dept_code3 = serializers.CharField(max_length=18, required=False, allow_blank=True)
    dept_name3 = serializers.CharField(max_length=100, required=False, allow_blank=True)


class ComponentNew(Units):
    """A component that is not in the record yet."""

    class_code = serializers.CharField(max_length=5)
    std_ref = serializers.CharField(max_length=20, default=CURRENT)
    longitude = serializers.FloatField(min_value=-180, max_value=180)
    latitude = serializers.FloatField(min_value=-90, max_value=90)
    coordinate_system = serializers.ChoiceField(choices=[*CoordinateSystem], default=CoordinateSystem.CGCS2000)
    obj_name = serializers.CharField(max_length=30, required=False, allow_blank=True)
    data_source = serializers.CharField(max_length=30, required=False, allow_blank=True)
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    precision_class = serializers.ChoiceField(choices=["A", "B", "C"], required=False, allow_blank=True)
    case_no = serializers.CharField(max_length=24, required=False, allow_blank=True)


class PlaceChange(StrictInput):
    """A new place: a point, or the WKT of a line or an outline in CGCS2000."""

    longitude = serializers.FloatField(min_value=-180, max_value=180, required=False)
    latitude = serializers.FloatField(min_value=-90, max_value=90, required=False)
    coordinate_system = serializers.ChoiceField(choices=[*CoordinateSystem], default=CoordinateSystem.CGCS2000)
    wkt = serializers.CharField(max_length=100_000, required=False, allow_blank=True, default="")
    reason = serializers.CharField(max_length=200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the two, and both halves of a point."""
        if not attrs["wkt"] and ("longitude" not in attrs or "latitude" not in attrs):
            raise serializers.ValidationError({"longitude": "Give longitude and latitude, or wkt."})
        return attrs


class StatesChange(StrictInput):
    """One state for several components."""

    obj_ids = serializers.ListField(child=serializers.CharField(max_length=17), min_length=1, max_length=500)
    state = serializers.ChoiceField(choices=Component.State.choices)
    reason = serializers.CharField(max_length=200)


class StatesChanged(serializers.Serializer):
    """What came of it."""

    changed = serializers.ListField(child=serializers.CharField())
    same = serializers.ListField(child=serializers.CharField(), help_text="In that state already")
    refused = serializers.DictField(child=serializers.CharField(), help_text="Id to the reason")


class CheckRow(serializers.ModelSerializer):
    """A check of a component against the ground."""

    obj_id = serializers.CharField(source="component.obj_id", default="", read_only=True)
    assignee = serializers.CharField(source="assignee.username", default="", read_only=True)
    seen = serializers.DictField(read_only=True)
    spot = serializers.SerializerMethodField()

    class Meta:
        model = ComponentCheck
        fields = [
            "id",
            "obj_id",
            "finding",
            "seen",
            "description",
            "case_no",
            "class_code",
            "grid_code",
            "division_code",
            "spot",
            "state",
            "raised_at",
            "due_on",
            "assignee",
            "outcome",
            "opinion",
            "settled_at",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.FloatField()))
    def get_spot(self, check: ComponentCheck) -> list[float]:
        """Longitude and latitude in CGCS2000."""
        return [check.geom.x, check.geom.y]


class CheckNew(StrictInput):
    """What somebody saw that the record does not say."""

    finding = serializers.ChoiceField(choices=ComponentCheck.Finding.choices)
    description = serializers.CharField(max_length=500)
    obj_id = serializers.CharField(max_length=17, required=False, allow_blank=True, default="")
    case_no = serializers.CharField(max_length=24, required=False, allow_blank=True, default="")
    class_code = serializers.CharField(max_length=5, required=False, allow_blank=True, default="")
    seen = serializers.DictField(
        child=serializers.CharField(max_length=1000, allow_blank=True),
        required=False,
        default=dict,
        help_text=f"Field to what is there; fields: {', '.join(SEEN)}",
    )
    longitude = serializers.FloatField(min_value=-180, max_value=180, required=False)
    latitude = serializers.FloatField(min_value=-90, max_value=90, required=False)
    coordinate_system = serializers.ChoiceField(choices=[*CoordinateSystem], default=CoordinateSystem.CGCS2000)


class CheckAssigned(StrictInput):
    """Who is to look."""

    assignee = serializers.CharField(max_length=150, help_text="User name")


class CheckSettled(StrictInput):
    """How a check ends."""

    outcome = serializers.ChoiceField(choices=ComponentCheck.Outcome.choices)
    opinion = serializers.CharField(max_length=500)
    obj_id = serializers.CharField(
        max_length=17, required=False, allow_blank=True, default="", help_text="The component recorded since"
    )


class TickAnswer(serializers.Serializer):
    """A figure of the acceptance checklist, with its threshold and query."""

    id = serializers.CharField()
    title = serializers.CharField()
    count = serializers.IntegerField()
    total = serializers.IntegerField()
    percent = serializers.FloatField(allow_null=True)
    threshold = serializers.FloatField()
    passes = serializers.BooleanField()
    facts = serializers.DictField(child=serializers.FloatField())
    query = serializers.CharField()


class ClassLineAnswer(serializers.Serializer):
    """The components of one class."""

    class_code = serializers.CharField()
    class_name = serializers.CharField()
    number = serializers.IntegerField()
    updated = serializers.IntegerField(help_text="Recorded or changed within a year")
    three_units = serializers.IntegerField(help_text="With authority, owner and maintainer")
    filled = serializers.DictField(child=serializers.IntegerField(), help_text=f"Field to count: {', '.join(FIELDS)}")
    states = serializers.DictField(child=serializers.IntegerField())


class CompletenessAnswer(serializers.Serializer):
    """The report of a division."""

    standard = serializers.CharField()
    other_standards = serializers.IntegerField()
    whole = ClassLineAnswer()
    lines = ClassLineAnswer(many=True)
    ticks = TickAnswer(many=True)


class ConversionRow(serializers.ModelSerializer):
    """A conversion of codes, or a trial of one."""

    totals = serializers.DictField(read_only=True)
    kinds = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = CodeConversion
        fields = [
            "id",
            "from_std",
            "to_std",
            "kinds",
            "division_code",
            "state",
            "started_at",
            "ended_at",
            "started_by",
            "totals",
        ]
        read_only_fields = fields


class ConversionAnswer(ConversionRow):
    """A conversion with its lines, class by class."""

    lines = serializers.ListField(child=serializers.DictField(), read_only=True)

    class Meta(ConversionRow.Meta):
        fields = [*ConversionRow.Meta.fields, "lines"]
        read_only_fields = fields
