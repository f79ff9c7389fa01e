"""API of field."""

from django.urls import URLPattern, URLResolver, path

from grid.field.api import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("field/actions/", views.ActionList.as_view(), name="field-actions"),
    path("field/tasks/", views.OwnTasks.as_view(), name="field-tasks"),
    path("field/classes/", views.PhoneClasses.as_view(), name="field-classes"),
    path("field/session/", views.PhoneSession.as_view(), name="field-session"),
]
