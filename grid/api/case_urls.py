"""Routes of cases in the API."""

from django.urls import path

from grid.api import cases, media

urlpatterns = [
    path("cases/", cases.CaseList.as_view(), name="case-list"),
    path("cases/<slug:case_no>/", cases.CaseOne.as_view(), name="case-detail"),
    path("cases/<slug:case_no>/media/", media.CaseMediaList.as_view(), name="case-media"),
]
