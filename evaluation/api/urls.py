"""Addresses of the figures' API."""

from django.urls import path

from evaluation.api import views

_FIGURE = "figures/<str:indicator>/<str:region>/<str:period>/"

urlpatterns = [
    path("indicators/", views.IndicatorList.as_view(), name="indicator-list"),
    path("figures/", views.FigureList.as_view(), name="figure-list"),
    path(_FIGURE, views.FigureDetail.as_view(), name="figure-detail"),
    path(f"{_FIGURE}records/", views.FigureRecords.as_view(), name="figure-records"),
]
