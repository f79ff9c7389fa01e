"""What aggregation sends: quality issues down to the one node they are for (JH03), its answers up (JH05)."""

from cityops.foundation.records import Flow, RecordKind, registry
from sync.aggregation.models import IssueAnswer, QualityIssue


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


ISSUE = registry.register(
    RecordKind(
        dataset="JH03",
        model=QualityIssue,
        flow=Flow.DOWN,
        addressed_by="targets",
        division_field="",
        free_text=frozenset({"conclusion"}),
        fields=_same(
            "issue_no",
            "node_code",
            "targets",
            "dataset",
            "rule_code",
            "cause",
            "item_code",
            "title",
            "remedy",
            "record_key",
            "records",
            "examples",
            "found_at",
            "severity",
            "state",
            "fix_deadline",
            "fixed_at",
            "closed_at",
            "conclusion",
        ),
        checks=(("one_target", "jsonb_array_length(targets) <> 1", "An issue is for one node."),),
    )
)

ANSWER = registry.register(
    RecordKind(
        dataset="JH05",
        model=IssueAnswer,
        division_field="node_code",
        free_text=frozenset({"content"}),
        fields=_same("answer_id", "issue_no", "issuer_node", "node_code", "answer", "content", "answered_at"),
    )
)
