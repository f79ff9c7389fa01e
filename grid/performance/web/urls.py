"""Pages of performance."""

from django.urls import URLPattern, URLResolver, path

from cityops.accounts.guards import requires
from cityops.foundation.bodies import takes_body
from grid.performance.services.formulas import LARGEST
from grid.performance.web import formulas, reports, snapshots, statements

VIEW = "performance.view_statement"
seen = requires(VIEW)
listed = requires(VIEW, "grid.view_case")
exported = requires(VIEW, "grid.view_case", "performance.export_statement")
freezes = requires(VIEW, "performance.freeze_snapshot")
loads = requires(VIEW, "performance.load_formulas")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", seen(statements.statement_page), name="performance-statement"),
    path("objects/<slug:target>/<slug:code>/", seen(statements.object_page), name="performance-object"),
    path("cases/", listed(statements.cases_page), name="performance-cases"),
    path("cases/export/", exported(statements.cases_file), name="performance-cases-export"),
    path("snapshots/", seen(snapshots.snapshot_list), name="performance-snapshots"),
    path("snapshots/freeze/", freezes(snapshots.freeze), name="performance-freeze"),
    path("snapshots/<int:pk>/", seen(snapshots.snapshot_page), name="performance-snapshot"),
    path("snapshots/<int:pk>/correct/", freezes(snapshots.correct), name="performance-correct"),
    path(
        "objections/<int:pk>/raise/",
        requires(VIEW, "performance.raise_objection")(snapshots.object_to),
        name="performance-object-to",
    ),
    path(
        "objections/<int:pk>/answer/",
        requires(VIEW, "performance.answer_objection")(snapshots.answer),
        name="performance-answer",
    ),
    path("results/", seen(snapshots.result_list), name="performance-results"),
    path("formulas/", seen(formulas.formula_list), name="performance-formulas"),
    path("formulas/compare/", seen(formulas.formula_compare), name="performance-formula-compare"),
    path(
        "formulas/load/",
        takes_body(LARGEST + (64 << 10), loads(formulas.formula_load)),
        name="performance-formula-load",
    ),
    path("formulas/<str:key>/", seen(formulas.formula_page), name="performance-formula"),
    path("reports/", seen(reports.report_list), name="performance-reports"),
    path("reports/<int:pk>/<slug:form>/", seen(reports.report_file), name="performance-report-file"),
]
