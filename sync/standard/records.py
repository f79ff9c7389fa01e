"""Classes of components and matters (JC08) belong to the nation and travel downward; local extensions stay local."""

from cityops.foundation.records import Flow, RecordKind, registry
from sync.standard.models import ClassEntry

CLASS_ENTRY = registry.register(
    RecordKind(
        dataset="JC08",
        model=ClassEntry,
        flow=Flow.DOWN,
        division_field="",
        fields={
            name: name
            for name in (
                "kind",
                "version",
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
            )
        },
        local=("register_rule", "close_rule", "deadline"),
    )
)
