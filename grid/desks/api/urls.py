"""API of desks."""

from django.urls import URLPattern, URLResolver, path

from grid.desks.api import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("desks/", views.DeskList.as_view(), name="desk-list"),
    path("desks/bulk/", views.DeskBulk.as_view(), name="desk-bulk"),
    path("desks/views/", views.SavedViewList.as_view(), name="desk-views"),
    path("desks/views/<int:pk>/", views.SavedViewOne.as_view(), name="desk-view"),
    path("desks/exports/", views.CaseExportList.as_view(), name="desk-exports"),
    path("desks/exports/<uuid:pk>/", views.CaseExportOne.as_view(), name="desk-export"),
    path("desks/exports/<uuid:pk>/file/", views.CaseExportFile.as_view(), name="desk-export-file"),
    path("desks/presence/<slug:case_no>/", views.DeskPresence.as_view(), name="desk-presence"),
    path("desks/<slug:desk>/queue/", views.DeskQueue.as_view(), name="desk-queue"),
]
