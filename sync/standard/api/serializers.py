"""What the API says of the standard."""

from rest_framework import serializers

from cityops.foundation.api.serializers import StrictInput
from sync.standard.models import ClassEntry, DictionaryVersion, DisposalRule


class VersionRow(serializers.ModelSerializer[DictionaryVersion]):
    """One loaded dictionary version."""

    class Meta:
        model = DictionaryVersion
        fields = ["kind", "code", "title", "source", "provenance", "valid_from", "valid_to", "is_default", "loaded_at"]
        read_only_fields = fields


class DatasetRow(serializers.Serializer[object]):
    """One dataset."""

    code = serializers.CharField()
    cn = serializers.CharField(help_text="Chinese name")
    en = serializers.CharField(help_text="Name of a table")
    title_en = serializers.CharField(help_text="English name; may be empty")
    data_class = serializers.CharField()
    origin = serializers.CharField()
    direction = serializers.CharField()
    frequency = serializers.CharField()
    provenance = serializers.CharField()


class FieldRow(serializers.Serializer[object]):
    """One field of a dataset."""

    name = serializers.CharField()
    cn = serializers.CharField()
    abbr = serializers.CharField()
    type = serializers.CharField(help_text="C(n), N(p,s), D, DT, L, G(...), J, T or B")
    req = serializers.CharField(help_text="M always, C under a condition, O optional")
    codelist = serializers.CharField()
    when = serializers.CharField(help_text="When a conditional field must be filled, where that is exact")
    note = serializers.CharField()


class DatasetAnswer(DatasetRow):
    """One dataset with its fields."""

    version = serializers.CharField(help_text="Version of the catalogue")
    basis = serializers.CharField()
    note = serializers.CharField()
    key = serializers.ListField(child=serializers.CharField())
    fields_ = FieldRow(many=True)

    def get_fields(self) -> dict[str, serializers.Field]:
        """``fields`` is a name of the framework, so it is declared under another one."""
        found = super().get_fields()
        found["fields"] = found.pop("fields_")
        return found


MOST_RECORDS = 1_000
"""Records that one request may have checked."""


class CheckInput(StrictInput):
    """Records to check, each as its JSON would be sent."""

    records = serializers.ListField(child=serializers.DictField(), min_length=1, max_length=MOST_RECORDS)


class FaultRow(serializers.Serializer[object]):
    """What is wrong with one field of one record."""

    record = serializers.CharField(help_text="Which record: its number in the list, from 1")
    field = serializers.CharField()
    rule = serializers.CharField(
        help_text="required, conditional, length, code_list, range, type, geometry, unknown_field"
    )
    remedy = serializers.CharField(help_text="How to mend it")


class CheckAnswer(serializers.Serializer[object]):
    """The faults of all records; none where all are good."""

    version = serializers.CharField(help_text="Version of the catalogue")
    records = serializers.IntegerField()
    good = serializers.IntegerField()
    faults = FaultRow(many=True)


class CodeRow(serializers.Serializer[object]):
    """One code."""

    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class CodeListAnswer(serializers.Serializer[object]):
    """One code list."""

    code = serializers.CharField()
    name = serializers.CharField()
    note = serializers.CharField()
    version = serializers.CharField(help_text="Version of the catalogue")
    items = CodeRow(many=True)


class ClassRow(serializers.ModelSerializer[ClassEntry]):
    """One class of components or matters."""

    class Meta:
        model = ClassEntry
        fields = [
            "version",
            "kind",
            "class_code",
            "class_name",
            "class_name_en",
            "big_code",
            "big_name",
            "is_extension",
            "std_code",
            "component_code",
            "provenance",
            "valid",
        ]
        read_only_fields = fields


class RuleRow(serializers.ModelSerializer[DisposalRule]):
    """One disposal rule."""

    rule_set = serializers.CharField(source="rule_set.code")

    class Meta:
        model = DisposalRule
        fields = [
            "id",
            "rule_set",
            "kind",
            "class_code",
            "class_name",
            "matter_codes",
            "condition_no",
            "filing_condition",
            "filing_condition_en",
            "closing_condition",
            "closing_condition_en",
            "level",
            "limit_value",
            "limit_unit",
            "limit_value_a",
            "limit_unit_a",
            "limit_value_c",
            "limit_unit_c",
            "source",
            "is_active",
            "is_edited",
        ]
        read_only_fields = fields
