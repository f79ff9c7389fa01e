"""Routes of the desks in the API: the calendar, find a class, register a case, move one along."""

from django.urls import path

from grid.api import calendar, cases

urlpatterns = [
    path("desk/calendar/", calendar.WorkCalendarYear.as_view(), name="calendar"),
    path("desk/classes/", cases.ClassSearch.as_view(), name="case-class-search"),
    path("desk/cases/", cases.CaseRegister.as_view(), name="case-register"),
    path("desk/cases/<slug:case_no>/<slug:action>/", cases.CaseMove.as_view(), name="case-act"),
]
