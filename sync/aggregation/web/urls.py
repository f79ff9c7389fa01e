"""Pages of aggregation."""

from django.urls import URLPattern, URLResolver, path

from cityops.accounts.guards import requires
from sync.aggregation.web import issues, quality

SEES, EXPORTS = "aggregation.view_quality", "aggregation.export_quality"
seen, exported = requires(SEES), requires(SEES, EXPORTS)
answered, closed = requires(SEES, "aggregation.answer_issue"), requires(SEES, "aggregation.close_issue")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", seen(quality.overview), name="aggregation-overview"),
    path("run/", requires(SEES, "aggregation.run_quality")(quality.run), name="aggregation-run"),
    path("scores/<str:owner>/<slug:dataset>/", seen(quality.score), name="aggregation-score"),
    path("findings/", seen(quality.findings), name="aggregation-findings"),
    path("findings/export/", exported(quality.findings_export), name="aggregation-findings-export"),
    path("rules/", seen(quality.rule_list), name="aggregation-rules"),
    path("rules/<slug:code>/", seen(quality.rule_edit), name="aggregation-rule"),
    path("issues/", seen(issues.issue_list), name="aggregation-issues"),
    path("issues/export/", exported(issues.issue_export), name="aggregation-issues-export"),
    path("issues/<slug:issue_no>/", seen(issues.issue_detail), name="aggregation-issue"),
    path("issues/<slug:issue_no>/answer/", answered(issues.issue_answer), name="aggregation-issue-answer"),
    path("issues/<slug:issue_no>/close/", closed(issues.issue_close), name="aggregation-issue-close"),
    path("issues/<slug:issue_no>/return/", closed(issues.issue_send_back), name="aggregation-issue-return"),
]
