"""Routes of the standard in the API."""

from django.urls import path

from sync.standard.api import views

urlpatterns = [
    path("standard/versions/", views.VersionList.as_view(), name="standard-versions"),
    path("standard/datasets/", views.DatasetList.as_view(), name="dataset-list"),
    path("standard/datasets/<slug:code>/", views.DatasetDetail.as_view(), name="dataset-detail"),
    path("standard/datasets/<slug:code>/schema/", views.DatasetSchema.as_view(), name="dataset-schema"),
    path("standard/datasets/<slug:code>/check/", views.DatasetCheck.as_view(), name="dataset-check"),
    path("standard/code-lists/<slug:code>/", views.CodeListDetail.as_view(), name="code-list-detail"),
    path("standard/classes/", views.ClassList.as_view(), name="class-list"),
    path("standard/rules/", views.RuleList.as_view(), name="rule-list"),
]
