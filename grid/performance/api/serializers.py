"""What the API of performance answers."""

from typing import Any

from rest_framework import serializers

from grid.performance.models import PerformanceResult, PerformanceSnapshot


class PartAnswer(serializers.Serializer):
    """One part of a score."""

    indicator = serializers.CharField()
    weight = serializers.CharField()
    scoring = serializers.CharField(help_text="ratio, inverse, bands or points")
    value = serializers.CharField(allow_null=True, help_text="Four decimals; null where there is no data")
    score = serializers.CharField(allow_null=True, help_text="0 to 100")


class ObjectAnswer(serializers.Serializer):
    """One object of a statement."""

    code = serializers.CharField(help_text="Division prefix, department code, or post (CL_ROLE) with its team")
    name = serializers.CharField()
    counts = serializers.DictField(child=serializers.FloatField())
    values = serializers.DictField(child=serializers.CharField(allow_null=True))
    score = serializers.CharField(allow_null=True)
    grade = serializers.CharField(allow_blank=True)
    covered = serializers.CharField(help_text="Weight of the parts that have data; below 100 the score is theirs")
    parts = PartAnswer(many=True)


class StatementAnswer(serializers.Serializer):
    """A statement: all objects of a kind in a division and period, by code."""

    object = serializers.CharField(help_text="area, department or post")
    region = serializers.CharField()
    period = serializers.CharField()
    formulas = serializers.CharField(help_text="Code and version of the formula set")
    is_running = serializers.BooleanField()
    as_of = serializers.DateTimeField()
    objects: Any = ObjectAnswer(many=True)


class FormulaSetAnswer(serializers.Serializer):
    """A formula set with its whole document."""

    key = serializers.CharField()
    title = serializers.CharField()
    source: Any = serializers.CharField()
    provenance = serializers.CharField()
    is_default = serializers.BooleanField()
    document = serializers.JSONField()


class ResultAnswer(serializers.ModelSerializer):
    """A result as it travels (GL05)."""

    metrics = serializers.DictField(child=serializers.CharField())

    class Meta:
        model = PerformanceResult
        fields = (
            "rid",
            "origin_code",
            "period",
            "period_code",
            "target_type",
            "target_code",
            "metrics",
            "score",
            "grade",
            "formula_version",
            "computed_at",
        )
        read_only_fields = fields


class SnapshotAnswer(serializers.ModelSerializer):
    """A snapshot without its rows."""

    class Meta:
        model = PerformanceSnapshot
        fields = ("id", "period", "target", "formula_key", "division_code", "digest", "frozen_at", "frozen_by")
        read_only_fields = fields


class HeldAnswer(serializers.Serializer):
    """One row of a snapshot as it holds now."""

    code = serializers.CharField()
    name = serializers.CharField()
    counts = serializers.DictField(child=serializers.FloatField())
    values = serializers.DictField(child=serializers.CharField(allow_null=True))
    score = serializers.CharField(allow_null=True)
    grade = serializers.CharField(allow_blank=True)
    corrections = serializers.IntegerField(help_text="How many correction records stand beside it")


class SnapshotDetailAnswer(serializers.Serializer):
    """A snapshot with the rows that the caller may see."""

    snapshot = SnapshotAnswer()
    rows = HeldAnswer(many=True)
