"""What the API of the exchange gives out."""

from rest_framework import serializers

from sync.exchange.models import Parked


class LinkAnswer(serializers.Serializer):
    """链路."""

    peer_code = serializers.CharField()
    peer_name = serializers.CharField()
    role = serializers.CharField()
    state = serializers.CharField()
    light = serializers.CharField()
    last_ok_at = serializers.DateTimeField(allow_null=True)
    backlog = serializers.IntegerField()
    last_error = serializers.CharField()
    frozen_reason = serializers.CharField()


class DatasetStateAnswer(serializers.Serializer):
    """One dataset of one owner."""

    owner_code = serializers.CharField()
    dataset = serializers.CharField()
    light = serializers.CharField()
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
