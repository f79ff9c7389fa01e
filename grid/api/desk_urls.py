"""Routes of the desks in the API: the calendar, find a class, register a case, move one along."""

from django.urls import path

from cityops.foundation.bodies import takes_body
from grid.api import calendar, cases, media

urlpatterns = [
    path("desk/calendar/", calendar.WorkCalendarYear.as_view(), name="calendar"),
    path("desk/classes/", cases.ClassSearch.as_view(), name="case-class-search"),
    path("media/", takes_body(media.LARGEST_REQUEST, media.MediaNew.as_view()), name="media-new"),
    path("desk/cases/", cases.CaseRegister.as_view(), name="case-register"),
    path("desk/cases/<slug:case_no>/<slug:action>/", cases.CaseMove.as_view(), name="case-act"),
]
