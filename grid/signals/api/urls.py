"""API of signals."""

from django.urls import URLPattern, URLResolver, path

from grid.signals.api import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("signals/", views.SignalList.as_view(), name="signals"),
    path("signals/<int:pk>/", views.SignalDetail.as_view(), name="signal-one"),
    path("signals/<int:pk>/answer/", views.SignalAnswering.as_view(), name="signal-answering"),
    path("signals/<int:pk>/review/", views.SignalReviewing.as_view(), name="signal-reviewing"),
]
