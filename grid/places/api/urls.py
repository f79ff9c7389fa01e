"""API of places."""

from django.urls import URLPattern, URLResolver, path

from grid.places.api import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("places/", views.PlaceList.as_view(), name="place-list"),
    path("places/search/", views.PlaceSearch.as_view(), name="place-search"),
    path("places/reverse/", views.PlaceReverse.as_view(), name="place-reverse"),
    path("places/match/", views.PlaceMatch.as_view(), name="place-match"),
    path("places/<str:place_id>/", views.PlaceDetail.as_view(), name="place-detail"),
    path("places/<str:place_id>/retire/", views.PlaceRetire.as_view(), name="place-retire"),
]
