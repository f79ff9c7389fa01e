"""Addresses of workflows and of the ledgers of the loop."""

from django.urls import path

from cityops.accounts.guards import requires
from grid.web import ledgers, workflows

urlpatterns = [
    path("workflows/", requires("grid.view_workflow")(workflows.workflow_list), name="workflow-list"),
    path("workflows/new/", requires("grid.change_workflow")(workflows.workflow_new), name="workflow-new"),
    path("workflows/<str:code>/", requires("grid.view_workflow")(workflows.workflow_detail), name="workflow-detail"),
    path(
        "workflows/<str:code>/rehearse/",
        requires("grid.change_workflow")(workflows.workflow_rehearse),
        name="workflow-rehearse",
    ),
    path(
        "workflows/<str:code>/activate/",
        requires("grid.change_workflow")(workflows.workflow_activate),
        name="workflow-activate",
    ),
    path("ledgers/", requires("grid.view_case")(ledgers.ledger), name="ledger-list"),
    path(
        "ledgers/export/", requires("grid.view_case", "grid.export_case")(ledgers.ledger_export), name="ledger-export"
    ),
    path("ledgers/supervision/", requires("grid.view_case")(ledgers.supervision_list), name="supervision-list"),
    path(
        "ledgers/supervision/export/",
        requires("grid.view_case", "grid.export_case")(ledgers.supervision_export),
        name="supervision-export",
    ),
]
