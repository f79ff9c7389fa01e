"""Addresses of the exchange's API."""

from django.urls import path

from sync.exchange.api import views

urlpatterns = [
    path("exchange/links/", views.LinkList.as_view(), name="exchange-link-list"),
    path("exchange/links/<slug:peer>/", views.LinkDetail.as_view(), name="exchange-link"),
    path("exchange/datasets/", views.DatasetStateList.as_view(), name="exchange-dataset-list"),
    path("exchange/parked/", views.ParkedList.as_view(), name="exchange-parked-list"),
]
