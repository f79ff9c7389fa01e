"""API of duty."""

from django.urls import URLPattern, URLResolver, path

from grid.duty.api import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("duty/grids/", views.DutyGridList.as_view(), name="duty-grid-list"),
    path("duty/grids/<slug:grid_code>/", views.DutyGridDetail.as_view(), name="duty-grid-detail"),
    path("duty/evaluation-grids/", views.EvaluationGridList.as_view(), name="duty-evaluation-list"),
    path("duty/assignments/", views.AssignmentList.as_view(), name="duty-assignment-list"),
    path("duty/own/", views.OwnDuty.as_view(), name="duty-own"),
    path("duty/visits/", views.VisitCreate.as_view(), name="duty-visit"),
    path("duty/coverage/", views.CoverageView.as_view(), name="duty-coverage"),
]
