"""Pages of reporters."""

from django.urls import path

from cityops.accounts.guards import requires
from grid.reporters.web import views

SEE, OPEN = "reporters.view_reporter", "reporters.open_reporter"
urlpatterns = [
    path("", requires(SEE)(views.reporter_list), name="reporter-list"),
    path("contacts/<int:pk>/", requires("reporters.answer_contact")(views.contact_answer), name="contact-answer"),
    path("<slug:case_no>/", requires(SEE)(views.reporter_detail), name="reporter-detail"),
    path("<slug:case_no>/open/", requires(SEE, OPEN)(views.reporter_open), name="reporter-open"),
    path(
        "<slug:case_no>/dispute/",
        requires(SEE, "reporters.dispute_reporter")(views.reporter_dispute),
        name="reporter-dispute",
    ),
    path(
        "<slug:case_no>/contact/",
        requires("grid.view_case", "reporters.ask_contact")(views.contact_ask),
        name="contact-ask",
    ),
]
