"""What the API of aggregation gives out."""

from rest_framework import serializers

from sync.aggregation.models import IssueAnswer, QualityIssue, QualityScore


class QualityIssueRow(serializers.ModelSerializer[QualityIssue]):
    """数据质量问题单."""

    target = serializers.CharField(help_text="Code of the node that answers")
    issuer = serializers.CharField(source="origin_code")
    state = serializers.CharField(help_text="CL_ISSUESTATE")
    severity = serializers.CharField(help_text="CL_SEVERITY")
    cause = serializers.CharField(help_text="CL_QCAUSE")
    records = serializers.CharField(help_text="Number of records, as text")
    is_overdue = serializers.BooleanField()

    class Meta:
        model = QualityIssue
        fields = (
            "issue_no", "issuer", "target", "dataset", "rule_code", "cause", "item_code", "title", "remedy",
            "record_key", "records", "severity", "state", "found_at", "fix_deadline", "fixed_at", "closed_at",
            "conclusion", "is_overdue",
        )  # fmt: skip
        read_only_fields = fields


class QualityAnswerRow(serializers.ModelSerializer[IssueAnswer]):
    """质量问题答复."""

    answer = serializers.CharField(help_text="CL_QANSWER")

    class Meta:
        model = IssueAnswer
        fields = ("answer", "content", "answered_at")
        read_only_fields = fields


class QualityExample(serializers.Serializer[None]):
    """One record that an issue is about."""

    rid = serializers.CharField(allow_blank=True)
    key = serializers.CharField(allow_blank=True)
    detail = serializers.CharField(allow_blank=True)


class QualityIssueDetail(QualityIssueRow):
    """The same with its records and answers."""

    examples = QualityExample(many=True)
    answers = QualityAnswerRow(many=True)

    class Meta(QualityIssueRow.Meta):
        fields = (*QualityIssueRow.Meta.fields, "examples", "answers")  # type: ignore[assignment]


class QualityScoreRow(serializers.ModelSerializer[QualityScore]):
    """数据质量得分: the last one of a node's dataset."""

    records = serializers.CharField()
    broken = serializers.CharField()
    parked = serializers.CharField()
    clauses = serializers.DictField(child=serializers.CharField())

    class Meta:
        model = QualityScore
        fields = ("owner_code", "dataset", "day", "score", "records", "broken", "parked", "clauses", "scored_at")
        read_only_fields = fields


class DueAnswer(serializers.Serializer[None]):
    """应报清单: one dataset of one node."""

    node_code = serializers.CharField()
    name = serializers.CharField()
    dataset = serializers.CharField()
    title = serializers.CharField()
    is_subscribed = serializers.BooleanField()
    frequency = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    period = serializers.CharField(allow_blank=True)
    due_at = serializers.DateTimeField(allow_null=True)
    records = serializers.IntegerField()
    arrived_at = serializers.DateTimeField(allow_null=True)
    state = serializers.CharField(help_text="missing, late, ok, none (nothing happened) or off (not subscribed)")
    prefilled_from = serializers.CharField(allow_blank=True)
