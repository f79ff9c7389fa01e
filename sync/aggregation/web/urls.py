"""Pages of aggregation."""

from django.urls import URLPattern, URLResolver, path

from cityops.accounts.guards import requires
from sync.aggregation.web import issues, quality, settings

SEES, EXPORTS = "aggregation.view_quality", "aggregation.export_quality"
seen, exported = requires(SEES), requires(SEES, EXPORTS)
planned, mapped = requires(SEES), requires(SEES, "aggregation.change_mapping")
fetched = requires(SEES, "aggregation.return_records")
answered, closed = requires(SEES, "aggregation.answer_issue"), requires(SEES, "aggregation.close_issue")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", seen(quality.overview), name="aggregation-overview"),
    path("run/", requires(SEES, "aggregation.run_quality")(quality.run), name="aggregation-run"),
    path("scores/<str:owner>/<slug:dataset>/", seen(quality.score), name="aggregation-score"),
    path("findings/", seen(quality.findings), name="aggregation-findings"),
    path("findings/export/", exported(quality.findings_export), name="aggregation-findings-export"),
    path("rules/", seen(quality.rule_list), name="aggregation-rules"),
    path("rules/<slug:code>/", seen(quality.rule_edit), name="aggregation-rule"),
    path("dues/", seen(settings.due_list), name="aggregation-dues"),
    path("dues/export/", exported(settings.due_export), name="aggregation-dues-export"),
    path("plans/<str:owner>/<slug:dataset>/", planned(settings.plan_edit), name="aggregation-plan"),
    path("mappings/", seen(settings.mapping_list), name="aggregation-mappings"),
    path("mappings/export/", exported(settings.mapping_export), name="aggregation-mappings-export"),
    path("mappings/new/", mapped(settings.mapping_new), name="aggregation-mapping-new"),
    path("mappings/<int:number>/end/", mapped(settings.mapping_end), name="aggregation-mapping-end"),
    path("returns/<str:owner>/", fetched(settings.returns), name="aggregation-returns"),
    path("returns/<str:owner>/<slug:dataset>/", fetched(settings.return_file), name="aggregation-return-file"),
    path("issues/", seen(issues.issue_list), name="aggregation-issues"),
    path("issues/export/", exported(issues.issue_export), name="aggregation-issues-export"),
    path("issues/<slug:issue_no>/", seen(issues.issue_detail), name="aggregation-issue"),
    path("issues/<slug:issue_no>/answer/", answered(issues.issue_answer), name="aggregation-issue-answer"),
    path("issues/<slug:issue_no>/close/", closed(issues.issue_close), name="aggregation-issue-close"),
    path("issues/<slug:issue_no>/return/", closed(issues.issue_send_back), name="aggregation-issue-return"),
]
