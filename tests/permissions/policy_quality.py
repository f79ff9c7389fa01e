"""Who may reach what of aggregation; see ``policy``."""

from tests.permissions.row import ALL, Row

_QUALITY = ("aggregation.view_quality",)
_QUALITY_OUT = ("aggregation.export_quality",)
QUALITY = (
    Row("aggregation-overview", ALL, _QUALITY, holds="{node_code}"),
    Row("aggregation-run", ALL, (*_QUALITY, "aggregation.run_quality"), posts=True),
    Row("aggregation-score", ALL, _QUALITY, about="held"),
    Row("aggregation-findings", ALL, _QUALITY, lists="finding"),
    Row("aggregation-findings-export", ALL, (*_QUALITY, *_QUALITY_OUT), lists="finding"),
    Row("aggregation-rules", ALL, _QUALITY, holds="GL01-Q2-01", says_alike=True),
    Row("aggregation-rule", ALL, _QUALITY, about="quality_rule", says_alike=True),
    Row("aggregation-dues", ALL, _QUALITY, lists="plan"),
    Row("aggregation-dues-export", ALL, (*_QUALITY, *_QUALITY_OUT), lists="plan"),
    Row("aggregation-plan", ALL, _QUALITY, about="held"),
    Row("aggregation-mappings", ALL, _QUALITY, lists="mapping"),
    Row("aggregation-mappings-export", ALL, (*_QUALITY, *_QUALITY_OUT), lists="mapping"),
    Row("aggregation-mapping-new", ALL, (*_QUALITY, "aggregation.change_mapping")),
    Row("aggregation-mapping-end", ALL, (*_QUALITY, "aggregation.change_mapping"), about="mapping", posts=True),
    Row("aggregation-returns", ALL, (*_QUALITY, "aggregation.return_records"), about="node"),
    Row("aggregation-return-file", ALL, (*_QUALITY, "aggregation.return_records"), about="held"),
    Row("api:quality-issue-list", ALL, _QUALITY, lists="quality_issue"),
    Row("api:quality-issue", ALL, _QUALITY, about="quality_issue"),
    Row("api:quality-score-list", ALL, _QUALITY, holds="{node_code}"),
    Row("api:due-list", ALL, _QUALITY, lists="plan"),
    Row("aggregation-issues", ALL, _QUALITY, lists="quality_issue"),
    Row("aggregation-issues-export", ALL, (*_QUALITY, *_QUALITY_OUT), lists="quality_issue"),
    Row("aggregation-issue", ALL, _QUALITY, about="quality_issue"),
    Row("aggregation-issue-answer", ALL, (*_QUALITY, "aggregation.answer_issue"), about="quality_issue", posts=True),
    Row("aggregation-issue-close", ALL, (*_QUALITY, "aggregation.close_issue"), about="quality_issue", posts=True),
    Row("aggregation-issue-return", ALL, (*_QUALITY, "aggregation.close_issue"), about="quality_issue", posts=True),
)
