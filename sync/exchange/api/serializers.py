"""What the API of the exchange gives out."""

from typing import Any

from django.db import models
from rest_framework import serializers

from sync.exchange.models import Batch, Comparison, Parked, Receipt, Stream

LIGHTS = ("red", "yellow", "paused", "green", "none")
"""Lights of links and datasets, the worst first."""
PARKED_EXAMPLES = 20


class LinkAnswer(serializers.Serializer):
    """链路."""

    peer_code = serializers.CharField()
    peer_name = serializers.CharField()
    role = serializers.CharField()
    state = serializers.CharField()
    light = serializers.ChoiceField(choices=LIGHTS)
    last_ok_at = serializers.DateTimeField(allow_null=True)
    backlog = serializers.IntegerField()
    last_error = serializers.CharField()
    frozen_reason = serializers.CharField()


class NumberedAnswer(serializers.ModelSerializer):
    """Rows of the exchange: 64-bit numbers go out as text, because browsers lose integers above 2^53."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.PositiveBigIntegerField: serializers.CharField,
    }


class StreamAnswer(NumberedAnswer):
    """数据流: how far the records of one producer, direction, reach and lane have come here."""

    class Meta:
        model = Stream
        fields = (
            "producer_code",
            "flow",
            "scope",
            "lane",
            "epoch_no",
            "seq",
            "applied_count",
            "superseded_count",
            "parked_count",
            "moved_at",
        )
        read_only_fields = fields


class OfStream(NumberedAnswer):
    """What belongs to a stream names it: producer, flow/scope/lane."""

    stream = serializers.CharField(help_text="Producer, flow/scope/lane", read_only=True)


class ReceiptAnswer(OfStream):
    """回执: what the receiver signed for."""

    parked = serializers.SerializerMethodField(help_text="How many records were parked")
    parked_examples = serializers.SerializerMethodField(
        help_text=f"The first {PARKED_EXAMPLES} of them, with dataset and reasons"
    )

    class Meta:
        model = Receipt
        fields = (
            "stream",
            "receiver_code",
            "epoch_no",
            "from_seq",
            "upto_seq",
            "applied",
            "superseded",
            "parked",
            "parked_examples",
            "kid",
            "made_at",
        )
        read_only_fields = fields

    def get_parked(self, receipt: Receipt) -> int:
        """Their number."""
        return len(receipt.parked)

    def get_parked_examples(self, receipt: Receipt) -> list[dict[str, Any]]:
        """The first ones."""
        return list(receipt.parked[:PARKED_EXAMPLES])


class BatchAnswer(OfStream):
    """批次: one sealed batch, as its producer signed it."""

    datasets = serializers.DictField(child=serializers.IntegerField(), help_text="Records per dataset", read_only=True)

    class Meta:
        model = Batch
        fields = ("stream", "epoch_no", "from_seq", "to_seq", "datasets", "body_size", "kid", "stored_at")
        read_only_fields = fields


class ComparisonAnswer(NumberedAnswer):
    """对账: one comparison of both ends."""

    class Meta:
        model = Comparison
        fields = (
            "owner_code",
            "dataset",
            "flow",
            "result",
            "records",
            "differing",
            "missing",
            "orphans",
            "in_flight",
            "digest",
            "seq",
            "at",
        )
        read_only_fields = fields


class DatasetStateAnswer(serializers.Serializer):
    """One dataset of one owner."""

    owner_code = serializers.CharField()
    dataset = serializers.CharField()
    light = serializers.ChoiceField(choices=LIGHTS)
    records = serializers.IntegerField()
    parked = serializers.IntegerField()
    differing = serializers.IntegerField()
    in_flight = serializers.IntegerField()
    equal_at = serializers.DateTimeField(allow_null=True)
    compared_at = serializers.DateTimeField(allow_null=True)
    result = serializers.CharField()


class ParkedAnswer(serializers.ModelSerializer):
    """暂存记录; numbers as text, because browsers lose integers above 2^53."""

    seq = serializers.CharField()
    reasons = serializers.ListField(child=serializers.DictField())

    class Meta:
        model = Parked
        fields = ("id", "owner_code", "dataset", "rid", "seq", "reasons", "state", "tries", "parked_at", "tried_at")


class LinkDetailAnswer(LinkAnswer):
    """One link with what travelled over it: the newest of each."""

    base_url = serializers.CharField()
    enrolled_at = serializers.DateTimeField(allow_null=True)
    fail_count = serializers.IntegerField(help_text="Failed calls in a row")
    retry_at = serializers.DateTimeField(allow_null=True)
    clock_skew_seconds = serializers.FloatField(allow_null=True)
    remedy = serializers.CharField(help_text="What to do before a frozen link is thawed; empty where nothing is known")
    datasets = DatasetStateAnswer(many=True)
    streams = StreamAnswer(many=True)
    batches = BatchAnswer(many=True)
    receipts = ReceiptAnswer(many=True)
    comparisons = ComparisonAnswer(many=True)
