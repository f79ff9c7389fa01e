"""Pages of desks: each desk has its own two routes, guarded by its own permission."""

from django.urls import URLPattern, URLResolver, path

from cityops.accounts.guards import requires
from cityops.foundation.bodies import takes_body
from grid.desks.rules.desks import DESKS
from grid.desks.web import acts, lists, pages
from grid.web.photo_fields import LARGEST_FORM

may_see = requires("grid.view_case")
may_export = requires("grid.view_case", "grid.export_case")


def _desk_routes() -> list[URLPattern | URLResolver]:
    found: list[URLPattern | URLResolver] = []
    for key, desk in DESKS.items():
        guard = requires("grid.view_case", desk.permission)
        found.append(path(f"{key}/", guard(pages.desk_page), {"desk": key}, name=f"desk-{key}"))
        found.append(path(f"{key}/<slug:case_no>/", guard(pages.desk_case), {"desk": key}, name=f"desk-{key}-case"))
    return found


urlpatterns: list[URLPattern | URLResolver] = [
    path("", requires("desks.use_desk")(pages.desk_home), name="desk-home"),
    path("keys/", requires("desks.use_desk")(lists.turn_keys), name="desk-keys"),
    path("bulk/", may_see(lists.bulk_act), name="desk-bulk"),
    path("views/", may_see(lists.view_list), name="desk-views"),
    path("views/<int:pk>/drop/", may_see(lists.view_drop), name="desk-view-drop"),
    path("exports/", may_export(lists.export_list), name="desk-exports"),
    path("exports/<uuid:pk>/", may_export(lists.export_detail), name="desk-export"),
    path("exports/<uuid:pk>/file/", may_export(lists.export_file), name="desk-export-file"),
    path("presence/<slug:case_no>/", may_see(acts.presence), name="desk-presence"),
    path(
        "act/<slug:case_no>/<slug:action>/",
        takes_body(LARGEST_FORM, may_see(acts.desk_act)),
        name="desk-act",
    ),
    *_desk_routes(),
]
