"""Pages of the desks: register a case, move one along."""

from django.urls import path

from cityops.accounts.guards import requires
from cityops.foundation.bodies import takes_body
from grid.web import desk
from grid.web.calendar import urlpatterns as calendar_urlpatterns
from grid.web.photo_fields import LARGEST_FORM

urlpatterns = [
    *calendar_urlpatterns,
    path(
        "register/",
        takes_body(LARGEST_FORM, requires("grid.register_case")(desk.case_register)),
        name="case-register",
    ),
    path("classes/", requires("grid.register_case")(desk.class_options), name="case-class-search"),
    path("place/", requires("grid.register_case")(desk.place_note), name="case-place"),
    path(
        "<slug:case_no>/<slug:action>/",
        takes_body(LARGEST_FORM, requires("grid.view_case")(desk.case_act)),
        name="case-act",
    ),
]
