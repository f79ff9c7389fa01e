"""API of aggregation."""

from django.urls import URLPattern, URLResolver, path

from sync.aggregation.api import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("quality/issues/", views.QualityIssueList.as_view(), name="quality-issue-list"),
    path("quality/issues/<slug:issue_no>/", views.QualityIssueOne.as_view(), name="quality-issue"),
    path("quality/scores/", views.QualityScoreList.as_view(), name="quality-score-list"),
    path("quality/dues/", views.DueList.as_view(), name="due-list"),
]
