"""Pages of the exchange."""

from django.urls import path

from cityops.accounts.guards import requires
from sync.exchange.web import ending, erasures, views

seen = requires("exchange.view_link")
compared = requires("exchange.view_link", "exchange.compare_link")
retried = requires("exchange.view_link", "exchange.retry_parked")
erased = requires("exchange.view_link", "exchange.erase_record")
thawed = requires("exchange.thaw_link")
suspended = requires("exchange.suspend_link")
retired = requires("exchange.retire_link")
approved = requires("exchange.approve_join")

urlpatterns = [
    path("", seen(views.overview), name="exchange-overview"),
    path("links/<str:peer>/", seen(views.link_detail), name="exchange-link"),
    path("links/<str:peer>/compare/", compared(views.link_compare), name="exchange-compare"),
    path("links/<str:peer>/thaw/", thawed(views.link_thaw), name="exchange-thaw"),
    path("links/<str:peer>/suspend/", suspended(ending.link_suspend), name="exchange-suspend"),
    path("links/<str:peer>/retire/", retired(ending.link_retire), name="exchange-retire"),
    path("records/<str:owner>/<slug:dataset>/", seen(views.dataset_records), name="exchange-records"),
    path("parked/", seen(views.parked_list), name="exchange-parked"),
    path("parked/export/", seen(views.parked_export), name="exchange-parked-export"),
    path("parked/<int:number>/retry/", retried(views.parked_retry), name="exchange-retry"),
    path("erasures/", seen(erasures.erasure_list), name="exchange-erasures"),
    path("erasures/new/", erased(erasures.erase), name="exchange-erase"),
    path("enrolments/", requires("exchange.view_link")(views.enrolments), name="exchange-enrolments"),
    path("enrolments/<str:child>/approve/", approved(views.enrolment_approve), name="exchange-approve"),
    path("enrolments/<str:child>/refuse/", approved(ending.enrolment_refuse), name="exchange-refuse"),
    path(
        "enrolments/<str:child>/cancel/",
        requires("exchange.make_code")(ending.enrolment_cancel),
        name="exchange-cancel",
    ),
    path("enrolments/code/", requires("exchange.make_code")(views.enrolment_code), name="exchange-code"),
]
