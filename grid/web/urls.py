"""Pages of cases: list, detail, export, search."""

from django.urls import path

from cityops.accounts.guards import requires
from grid.web import cases, photos, search

urlpatterns = [
    path("", requires("grid.view_case")(cases.case_list), name="case-list"),
    path("export/", requires("grid.view_case", "grid.export_case")(cases.case_export), name="case-export"),
    path("search/", requires()(search.search), name="search"),
    path("<slug:case_no>/", requires("grid.view_case")(cases.case_detail), name="case-detail"),
    path("media/<uuid:media_id>/", requires("grid.add_media")(photos.loose_photo), name="loose-photo"),
    path("<slug:case_no>/media/<uuid:media_id>/", requires("grid.view_case")(photos.case_photo), name="case-photo"),
    path(
        "<slug:case_no>/media/<uuid:media_id>/thumb/",
        requires("grid.view_case")(photos.case_thumbnail),
        name="case-thumbnail",
    ),
]
