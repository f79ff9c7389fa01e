"""What oversight sends: supervisions down to the one city they are for (JD01), what it did about them up (JD02)."""

from cityops.foundation.records import Flow, Lane, RecordKind, registry
from grid.oversight.models import SupervisionAction, SupervisionTask


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


TASK = registry.register(
    RecordKind(
        dataset="JD01",
        model=SupervisionTask,
        flow=Flow.DOWN,
        lane=Lane.URGENT,
        addressed_by="targets",
        division_field="",
        free_text=frozenset({"content"}),
        fields=_same(
            "task_no",
            "title",
            "task_type",
            "source_ref",
            "issuer_node",
            "content",
            "metrics",
            "files",
            "targets",
            "parent_no",
            "sign_deadline",
            "feedback_cycle",
            "deadline",
            "urgency",
            "state",
            "issued_at",
            "closed_at",
        ),
        checks=(("one_target", "jsonb_array_length(targets) <> 1", "A supervision is for one node."),),
    )
)

ACTION = registry.register(
    RecordKind(
        dataset="JD02",
        model=SupervisionAction,
        is_open=False,
        lane=Lane.URGENT,
        division_field="node_code",
        free_text=frozenset({"content", "review_opinion"}),
        fields=_same(
            "action_id",
            "task_no",
            "node_code",
            "action",
            "progress",
            "content",
            "evidence",
            "acted_at",
            "new_deadline",
            "review_opinion",
        ),
    )
)
