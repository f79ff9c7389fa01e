"""Pages of the exchange."""

from django.urls import path

from cityops.accounts.guards import requires
from sync.exchange.web import alarms, conflicts, ending, erasures, keyring, overview, rejected, statements, views

seen = requires("exchange.view_link")
compared = requires("exchange.view_link", "exchange.compare_link")
retried = requires("exchange.view_link", "exchange.retry_parked")
acknowledged = requires("exchange.view_link", "exchange.acknowledge_alarm")
erased = requires("exchange.view_link", "exchange.erase_record")
thawed = requires("exchange.thaw_link")
suspended = requires("exchange.suspend_link")
retired = requires("exchange.retire_link")
decided = requires("exchange.view_link", "exchange.decide_conflict")
approved = requires("exchange.approve_join")

urlpatterns = [
    path("", seen(overview.overview), name="exchange-overview"),
    path("wall/", seen(overview.wall), name="exchange-wall"),
    path("statements/", seen(statements.statement_list), name="exchange-statements"),
    path("statements/<int:number>/", seen(statements.statement_detail), name="exchange-statement"),
    path("statements/<int:number>/file/", seen(statements.statement_file), name="exchange-statement-file"),
    path("alarms/", seen(alarms.alarm_list), name="exchange-alarms"),
    path("alarms/export/", seen(alarms.alarm_export), name="exchange-alarms-export"),
    path("alarms/<int:number>/acknowledge/", acknowledged(alarms.alarm_acknowledge), name="exchange-acknowledge"),
    path("rejected/", seen(rejected.rejected_list), name="exchange-rejected"),
    path("rejected/<slug:dataset>/<uuid:rid>/resend/", retried(rejected.record_resend), name="exchange-resend"),
    path("links/<str:peer>/", seen(views.link_detail), name="exchange-link"),
    path("links/<str:peer>/compare/", compared(views.link_compare), name="exchange-compare"),
    path("links/<str:peer>/thaw/", thawed(views.link_thaw), name="exchange-thaw"),
    path("links/<str:peer>/suspend/", suspended(ending.link_suspend), name="exchange-suspend"),
    path("links/<str:peer>/retire/", retired(ending.link_retire), name="exchange-retire"),
    path("records/<str:owner>/<slug:dataset>/", seen(views.dataset_records), name="exchange-records"),
    path("parked/", seen(views.parked_list), name="exchange-parked"),
    path("parked/export/", seen(views.parked_export), name="exchange-parked-export"),
    path("parked/<int:number>/retry/", retried(views.parked_retry), name="exchange-retry"),
    path("conflicts/", seen(conflicts.conflict_list), name="exchange-conflicts"),
    path("conflicts/export/", seen(conflicts.conflict_export), name="exchange-conflict-export"),
    path("conflicts/<int:number>/", seen(conflicts.conflict_detail), name="exchange-conflict"),
    path("conflicts/<int:number>/decide/", decided(conflicts.conflict_decide), name="exchange-conflict-decide"),
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
    path("keys/", seen(keyring.key_list), name="exchange-keys"),
    path("keys/rotate/", requires("exchange.rotate_key")(keyring.key_rotate), name="exchange-key-rotate"),
    path("keys/<str:kid>/approve/", requires("exchange.approve_key")(keyring.key_approve), name="exchange-key-approve"),
    path("keys/<str:kid>/revoke/", requires("exchange.revoke_key")(keyring.key_revoke), name="exchange-key-revoke"),
    path("enrolments/code/", requires("exchange.make_code")(views.enrolment_code), name="exchange-code"),
]
