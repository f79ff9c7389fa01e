"""What the API of signals answers and takes."""

from typing import Any

from rest_framework import serializers

from grid.signals.models import Signal, SignalAnswer
from grid.signals.selectors import words


class SignalReply(serializers.ModelSerializer):
    """What somebody said about a signal; who said it is not told."""

    class Meta:
        model = SignalAnswer
        fields = ("id", "answered_at", "text")
        read_only_fields = fields


class SignalLine(serializers.ModelSerializer):
    """A signal: what was seen, as a sentence and as facts. No person is named."""

    seen = serializers.SerializerMethodField()
    may_be_innocent = serializers.SerializerMethodField()
    case_no = serializers.CharField(source="case.case_no", default=None, allow_null=True)
    other_case_no = serializers.CharField(source="other_case.case_no", default=None, allow_null=True)
    facts: Any = serializers.JSONField()

    class Meta:
        model = Signal
        fields: Any = (
            "id", "kind", "state", "seen", "may_be_innocent", "facts", "case_no", "other_case_no", "grid_code",
            "org_code", "division_code", "window_from", "window_to", "found_at", "seen_at", "score",
            "setting_version", "reviewed_at", "review_note",
        )  # fmt: skip
        read_only_fields = fields

    def get_seen(self, signal: Signal) -> str:
        """What was seen, in one sentence."""
        return words.sentence_of(signal)

    def get_may_be_innocent(self, signal: Signal) -> str:
        """What may explain it without anybody having done wrong."""
        return words.innocent(signal.kind)


class SignalWhole(SignalLine):
    """A signal with what was said about it."""

    answers = SignalReply(many=True)

    class Meta(SignalLine.Meta):
        fields: Any = (*SignalLine.Meta.fields, "answers")
        read_only_fields = fields


class SignalReplyInput(serializers.Serializer):
    """What is said about a signal."""

    text = serializers.CharField(max_length=2000)


class SignalReviewInput(serializers.Serializer):
    """How a signal is closed, and why."""

    state = serializers.ChoiceField(choices=Signal.State.choices)
    note = serializers.CharField(max_length=2000)
