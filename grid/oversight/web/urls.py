"""Pages of oversight: what this node asked of cities."""

from django.urls import URLPattern, URLResolver, path

from cityops.accounts.guards import requires
from grid.oversight.web import views

SEES, ISSUES = "oversight.view_supervisiontask", "oversight.issue_supervision"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", requires(SEES)(views.task_list), name="oversight-list"),
    path("export/", requires(SEES, "oversight.export_supervisiontask")(views.task_export), name="oversight-export"),
    path("new/", requires(SEES, ISSUES)(views.task_new), name="oversight-new"),
    path("<slug:task_no>/", requires(SEES)(views.task_detail), name="oversight-detail"),
    path("<slug:task_no>/withdraw/", requires(SEES, ISSUES)(views.task_withdraw), name="oversight-withdraw"),
]
