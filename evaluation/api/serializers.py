"""What the API of the figures answers, for the schema; ``evaluation.documents`` makes the documents themselves."""

from typing import Any

from rest_framework import serializers


class InputAnswer(serializers.Serializer):
    """One count that an indicator is made of."""

    code = serializers.CharField()
    name = serializers.CharField()
    name_en = serializers.CharField()
    meaning = serializers.CharField()
    meaning_en = serializers.CharField()
    cohort_meaning = serializers.CharField(help_text="What it counts where the cohort is asked for")
    cohort_meaning_en = serializers.CharField()


class IndicatorAnswer(serializers.Serializer):
    """One indicator: its formula with the version, and its inputs."""

    code = serializers.CharField()
    name = serializers.CharField()
    name_en = serializers.CharField()
    unit = serializers.CharField()
    formula = serializers.CharField()
    formula_en = serializers.CharField()
    formula_version = serializers.IntegerField()
    numerator = serializers.CharField(help_text="Code of the input above the line")
    denominator = serializers.CharField(help_text="Code of the input below the line")
    inputs = InputAnswer(many=True)
    source: Any = serializers.CharField()


class ValueAnswer(serializers.Serializer):
    """One value with its counts."""

    indicator = serializers.CharField()
    region = serializers.CharField(help_text="Division code, 12 digits")
    period = serializers.CharField(help_text="2026, 2011Q3, 2026-10 or 2026-10-05")
    cohort = serializers.BooleanField(help_text="Of the cases opened in the period")
    numerator = serializers.IntegerField()
    denominator = serializers.IntegerField()
    value = serializers.CharField(allow_null=True, help_text="Decimal with two places; null where there is no data")
    inputs = serializers.DictField(child=serializers.IntegerField())


class PlaceAnswer(serializers.Serializer):
    """A division."""

    code = serializers.CharField()
    name = serializers.CharField()
    level = serializers.IntegerField()


class SpanAnswer(serializers.Serializer):
    """A period with its first moment and the first one after it."""

    key = serializers.CharField()
    kind = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class LineageAnswer(serializers.Serializer):
    """The record versions behind a figure."""

    dataset = serializers.CharField()
    records = serializers.IntegerField()
    unnumbered = serializers.IntegerField(help_text="Records whose last change is not numbered for the exchange yet")
    digest = serializers.CharField(help_text="SHA-256 over record and version of all of them; equal at all tiers")
    latest_change = serializers.DateTimeField(allow_null=True)


class FigureAnswer(ValueAnswer):
    """One figure with everything behind it."""

    unit = serializers.CharField()
    is_running = serializers.BooleanField(help_text="The period has not ended; the value still moves")
    definition = IndicatorAnswer()
    place = PlaceAnswer()
    span = SpanAnswer()
    as_of = serializers.DateTimeField()
    lineage = LineageAnswer()


class FigureRecordAnswer(serializers.Serializer):
    """One record behind a figure: which version of which case, and which inputs count it."""

    rid = serializers.UUIDField()
    rev = serializers.IntegerField(allow_null=True)
    origin = serializers.CharField()
    case_no = serializers.CharField()
    division_code = serializers.CharField()
    state = serializers.CharField()
    reported_at = serializers.DateTimeField()
    filed_at = serializers.DateTimeField(allow_null=True)
    rejected_at = serializers.DateTimeField(allow_null=True)
    dispatched_at = serializers.DateTimeField(allow_null=True)
    disposed_at = serializers.DateTimeField(allow_null=True)
    close_deadline = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    rework_count = serializers.IntegerField()
    counted_as = serializers.ListField(child=serializers.CharField())
