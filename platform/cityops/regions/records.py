"""Divisions (JC01) belong to the nation and travel downward; every instance may also load them itself."""

from cityops.foundation.records import Flow, RecordKind, registry
from cityops.regions.models import Division

DIVISION = registry.register(
    RecordKind(
        dataset="JC01",
        model=Division,
        flow=Flow.DOWN,
        division_field="code",
        fields={
            name: name
            for name in (
                "code",
                "name",
                "level",
                "parent_code",
                "full_name",
                "center",
                "boundary",
                "valid_from",
                "valid_to",
                "successor_code",
            )
        },
        checks=(
            (
                "division_below_parent",
                "level > 2 AND left(code, 2) <> left(parent_code, 2)",
                "A division lies in the province of its parent: correct parent_code.",
            ),
        ),
    )
)
