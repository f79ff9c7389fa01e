"""Pages of places."""

from django.urls import URLPattern, URLResolver, path

from cityops.accounts.guards import requires
from cityops.foundation.bodies import takes_body
from grid.places.services.batches import LARGEST_FILE
from grid.places.web import matching, views

SEES, CHANGES, MATCHES = "places.view_place", "places.change_place", "places.match_place"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", requires(SEES)(views.place_list), name="place-list"),
    path("export/", requires(SEES, "places.export_place")(views.place_export), name="place-export"),
    path("new/", requires(SEES, CHANGES)(views.place_new), name="place-new"),
    path("options/", requires(SEES)(views.place_options), name="place-options"),
    path("near/", requires(SEES)(views.place_near), name="place-near"),
    path(
        "match/",
        takes_body(LARGEST_FILE + (1 << 20), requires(SEES, MATCHES)(matching.match_list)),
        name="place-match-list",
    ),
    path("match/<int:pk>/", requires(SEES, MATCHES)(matching.match_detail), name="place-match-detail"),
    path("match/<int:pk>/export/", requires(SEES, MATCHES)(matching.match_export), name="place-match-export"),
    path("<str:place_id>/", requires(SEES)(views.place_detail), name="place-detail"),
    path("<str:place_id>/edit/", requires(SEES, CHANGES)(views.place_edit), name="place-edit"),
    path("<str:place_id>/retire/", requires(SEES, CHANGES)(views.place_retire), name="place-retire"),
]
