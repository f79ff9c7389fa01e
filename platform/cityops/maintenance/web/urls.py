"""Routes of the maintenance system."""

from django.urls import path

from cityops.accounts.guards import requires
from cityops.maintenance.web import index, nodes, organisations, people, roles, tokens, trail

see_people = requires("accounts.view_person")
change_people = requires("accounts.view_person", "accounts.change_person")
urlpatterns = [
    path("", requires()(index.index), name="maintenance"),
    path(
        "organisations/",
        requires("accounts.view_organisation")(organisations.OrganisationList.as_view()),
        name="organisation-list",
    ),
    path(
        "organisations/new/",
        requires("accounts.change_organisation")(organisations.organisation_new),
        name="organisation-new",
    ),
    path(
        "organisations/<str:org_code>/",
        requires("accounts.view_organisation")(organisations.organisation_detail),
        name="organisation-detail",
    ),
    path(
        "organisations/<str:org_code>/edit/",
        requires("accounts.change_organisation")(organisations.organisation_edit),
        name="organisation-edit",
    ),
    path("people/", see_people(people.PersonList.as_view()), name="person-list"),
    path("people/new/", change_people(people.person_new), name="person-new"),
    path("people/<str:username>/", see_people(people.person_detail), name="person-detail"),
    path("people/<str:username>/edit/", change_people(people.person_edit), name="person-edit"),
    path("people/<str:username>/active/", change_people(people.person_active), name="person-active"),
    path("people/<str:username>/sessions/", change_people(people.person_sessions), name="person-sessions"),
    path("people/<str:username>/roles/", requires("accounts.assign_role")(people.person_roles), name="person-roles"),
    path("people/<str:username>/password/", see_people(people.person_password), name="person-password"),
    path(
        "people/<str:username>/unlock/", requires("accounts.unlock_person")(people.person_unlock), name="person-unlock"
    ),
    path(
        "people/<str:username>/grants/new/", requires("accounts.grant_object")(people.person_grant), name="person-grant"
    ),
    path(
        "people/<str:username>/grants/<int:pk>/withdraw/",
        requires("accounts.grant_object")(people.person_grant_withdraw),
        name="person-grant-withdraw",
    ),
    path("roles/", requires("accounts.view_role")(roles.RoleList.as_view()), name="role-list"),
    path("roles/new/", requires("accounts.change_role")(roles.role_new), name="role-new"),
    path("roles/<slug:code>/", requires("accounts.view_role")(roles.role_detail), name="role-detail"),
    path("roles/<slug:code>/edit/", requires("accounts.change_role")(roles.role_edit), name="role-edit"),
    path("roles/<slug:code>/change/", requires("accounts.change_role")(roles.role_change), name="role-change"),
    path("roles/<slug:code>/delete/", requires("accounts.change_role")(roles.role_delete), name="role-delete"),
    path("grants/", requires("accounts.grant_object")(people.GrantList.as_view()), name="grant-list"),
    path("tokens/", requires("accounts.view_token")(tokens.TokenList.as_view()), name="token-list"),
    path("tokens/new/", requires("accounts.manage_token")(tokens.token_new), name="token-new"),
    path("tokens/<int:pk>/revoke/", requires("accounts.manage_token")(tokens.token_revoke), name="token-revoke"),
    path("audit/", requires("maintenance.view_audit")(trail.AuditList.as_view()), name="audit-list"),
    path("audit/<int:pk>/", requires("maintenance.view_audit")(trail.audit_detail), name="audit-detail"),
    path("nodes/", requires("maintenance.view_node")(nodes.NodeList.as_view()), name="node-list"),
    path(
        "nodes/own/edit/",
        requires("maintenance.view_node", "maintenance.change_node")(nodes.node_edit),
        name="node-edit",
    ),
    path("nodes/<str:node_code>/", requires("maintenance.view_node")(nodes.node_detail), name="node-detail"),
]
