"""Addresses of the exchange's API."""

from django.urls import path

from cityops.foundation.bodies import takes_body
from sync.exchange.api import records, views

urlpatterns = [
    path("exchange/links/", views.LinkList.as_view(), name="exchange-link-list"),
    path("exchange/links/<slug:peer>/", views.LinkDetail.as_view(), name="exchange-link"),
    path("exchange/datasets/", views.DatasetStateList.as_view(), name="exchange-dataset-list"),
    path(
        "exchange/records/",
        takes_body(records.LARGEST_REQUEST, records.RecordPush.as_view()),
        name="exchange-record-push",
    ),
    path("exchange/parked/", views.ParkedList.as_view(), name="exchange-parked-list"),
]
