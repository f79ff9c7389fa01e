"""What a node tells about itself upward (JC11): one record per instance, owned by that instance."""

from cityops.foundation.records import RecordKind, registry
from tiers.models import Node

NODE = registry.register(
    RecordKind(
        dataset="JC11",
        model=Node,
        is_open=False,
        fields={
            name: name
            for name in (
                "node_code",
                "tier",
                "division_code",
                "parent_code",
                "platform_name",
                "vendor",
                "base_url",
                "network",
                "public_key",
                "protect_level",
                "crypto_assessed",
                "joined_at",
                "accepted_at",
                "std_version",
                "status",
            )
        },
        checks=(
            (
                "node_of_division",
                "left(node_code, 12) <> division_code",
                "A node code is the 12 digits of its division, a dash, and N, P or C.",
            ),
        ),
    )
)
