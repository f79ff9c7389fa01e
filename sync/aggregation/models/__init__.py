"""What aggregation keeps: settings, mappings, rules and their runs, findings, scores, quality issues and answers."""

from sync.aggregation.models.issues import IssueAnswer, IssueState, QualityIssue
from sync.aggregation.models.quality import LookedAt, QualityFinding, QualityRun, QualityScore, RuleResult, RuleVersion
from sync.aggregation.models.settings import CodeMapping, DatasetPlan

__all__ = [
    "CodeMapping",
    "DatasetPlan",
    "IssueAnswer",
    "IssueState",
    "LookedAt",
    "QualityFinding",
    "QualityIssue",
    "QualityRun",
    "QualityScore",
    "RuleResult",
    "RuleVersion",
]
