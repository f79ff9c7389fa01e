"""Routes of the desks in the API: register a case, move one along."""

from django.urls import path

from grid.api import cases

urlpatterns = [
    path("desk/cases/", cases.CaseRegister.as_view(), name="case-register"),
    path("desk/cases/<slug:case_no>/<slug:action>/", cases.CaseMove.as_view(), name="case-act"),
]
