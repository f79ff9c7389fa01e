"""Routes of the desks in the API: the calendar, find a class, register a case, move one along."""

from django.urls import path

from grid.api import calendar, cases, clocks

urlpatterns = [
    path("desk/calendar/", calendar.WorkCalendarYear.as_view(), name="calendar"),
    path("desk/areas/", clocks.AreaClasses.as_view(), name="grid-areas"),
    path("desk/classes/", cases.ClassSearch.as_view(), name="case-class-search"),
    path("desk/cases/", cases.CaseRegister.as_view(), name="case-register"),
    path("desk/cases/<slug:case_no>/<slug:action>/", cases.CaseMove.as_view(), name="case-act"),
]
