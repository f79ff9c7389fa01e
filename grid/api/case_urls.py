"""Routes of cases in the API."""

from django.urls import path

from grid.api import cases, clocks, media

urlpatterns = [
    path("cases/", cases.CaseList.as_view(), name="case-list"),
    path("cases/<slug:case_no>/clock/", clocks.CaseClock.as_view(), name="case-clock"),
    path("cases/<slug:case_no>/", cases.CaseOne.as_view(), name="case-detail"),
    path("cases/<slug:case_no>/media/", media.CaseMediaList.as_view(), name="case-media"),
    path("cases/<slug:case_no>/media/<uuid:media_id>/", media.CaseMediaFile.as_view(), name="case-media-file"),
]
