"""What the API says of nodes."""

from rest_framework import serializers

from tiers.models import Node


class NodeAnswer(serializers.ModelSerializer[Node]):
    """平台节点 (JC11)."""

    class Meta:
        model = Node
        fields = (
            "node_code",
            "tier",
            "division_code",
            "parent_code",
            "platform_name",
            "vendor",
            "base_url",
            "network",
            "protect_level",
            "crypto_assessed",
            "joined_at",
            "accepted_at",
            "std_version",
            "status",
            "origin_code",
        )
        read_only_fields = fields
