"""Pages of duty."""

from django.urls import URLPattern, URLResolver, path

from cityops.accounts.guards import requires
from cityops.foundation.bodies import takes_body
from grid.duty.services.roster_files import LARGEST
from grid.duty.web import areas, coverage, roster

GRID, ROSTER, COVERAGE = "duty.view_dutygrid", "duty.view_roster", "duty.view_coverage"
CHANGE_GRID, CHANGE_ROSTER, CHANGE_PLAN = "duty.change_dutygrid", "duty.change_roster", "duty.change_plan"
EXPORT = "duty.export_duty"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", requires(ROSTER, COVERAGE)(coverage.today_board), name="duty-board"),
    path("grids/", requires(GRID)(areas.duty_grid_list), name="duty-grid-list"),
    path("grids/export/", requires(GRID, EXPORT)(areas.duty_grid_export), name="duty-grid-export"),
    path("grids/new/", requires(CHANGE_GRID)(areas.duty_grid_new), name="duty-grid-new"),
    path("grids/<slug:grid_code>/", requires(GRID)(areas.duty_grid_detail), name="duty-grid-detail"),
    path("grids/<slug:grid_code>/edit/", requires(CHANGE_GRID)(areas.duty_grid_edit), name="duty-grid-edit"),
    path("grids/<slug:grid_code>/retire/", requires(CHANGE_GRID)(areas.duty_grid_retire), name="duty-grid-retire"),
    path("evaluation-grids/", requires(GRID)(areas.evaluation_grid_list), name="duty-evaluation-list"),
    path("evaluation-grids/new/", requires(CHANGE_GRID)(areas.evaluation_grid_new), name="duty-evaluation-new"),
    path(
        "evaluation-grids/<uuid:pk>/retire/",
        requires(CHANGE_GRID)(areas.evaluation_grid_retire),
        name="duty-evaluation-retire",
    ),
    path("shifts/", requires(ROSTER)(roster.shift_list), name="duty-shift-list"),
    path("shifts/new/", requires(CHANGE_ROSTER)(roster.shift_new), name="duty-shift-new"),
    path("shifts/<int:pk>/", requires(CHANGE_ROSTER)(roster.shift_edit), name="duty-shift-edit"),
    path("shifts/<int:pk>/retire/", requires(CHANGE_ROSTER)(roster.shift_retire), name="duty-shift-retire"),
    path("roster/", requires(ROSTER)(roster.month), name="duty-roster"),
    path("roster/export/", requires(ROSTER, EXPORT)(roster.roster_export), name="duty-roster-export"),
    path("roster/plan/", takes_body(2 * LARGEST, requires(CHANGE_ROSTER)(roster.planning)), name="duty-planning"),
    path("roster/<slug:grid_code>/<slug:day>/", requires(ROSTER)(roster.grid_day), name="duty-day"),
    path("assignments/<int:pk>/substitute/", requires(CHANGE_ROSTER)(roster.entry_substitute), name="duty-substitute"),
    path("assignments/<int:pk>/remove/", requires(CHANGE_ROSTER)(roster.entry_remove), name="duty-remove"),
    path("coverage/", requires(COVERAGE)(coverage.coverage_report), name="duty-coverage"),
    path("coverage/export/", requires(COVERAGE, EXPORT)(coverage.coverage_export), name="duty-coverage-export"),
    path("plans/", requires(COVERAGE)(coverage.plan_list), name="duty-plan-list"),
    path("plans/new/", requires(CHANGE_PLAN)(coverage.plan_new), name="duty-plan-new"),
    path("plans/<int:pk>/", requires(COVERAGE)(coverage.plan_detail), name="duty-plan-detail"),
    path("plans/<int:pk>/edit/", requires(CHANGE_PLAN)(coverage.plan_edit), name="duty-plan-edit"),
    path("plans/<int:pk>/end/", requires(CHANGE_PLAN)(coverage.plan_end), name="duty-plan-end"),
]
