"""Pages of figures: overview, one figure, its records, their export."""

from django.urls import path

from cityops.accounts.guards import requires
from evaluation.web import views

seen = requires("evaluation.view_figure")
listed = requires("evaluation.view_figure", "grid.view_case")
exported = requires("evaluation.export_figure", "grid.view_case")
_FIGURE = "<slug:indicator>/<str:region>/<str:period>/"

urlpatterns = [
    path("", seen(views.figure_list), name="figure-list"),
    path(_FIGURE, seen(views.figure_detail), name="figure-detail"),
    path(f"{_FIGURE}records/", listed(views.figure_records), name="figure-records"),
    path(f"{_FIGURE}export/", exported(views.figure_export), name="figure-export"),
]
