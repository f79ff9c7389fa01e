"""API of performance."""

from django.urls import URLPattern, URLResolver, path

from grid.performance.api import views

urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "performance/statements/<slug:target>/<str:region>/<str:period>/",
        views.StatementDetail.as_view(),
        name="performance-statement",
    ),
    path("performance/formulas/", views.FormulaSetList.as_view(), name="performance-formulas"),
    path("performance/formulas/<str:key>/", views.FormulaSetDetail.as_view(), name="performance-formula"),
    path("performance/results/", views.ResultList.as_view(), name="performance-results"),
    path("performance/snapshots/", views.SnapshotList.as_view(), name="performance-snapshots"),
    path("performance/snapshots/<int:pk>/", views.SnapshotDetail.as_view(), name="performance-snapshot"),
]
