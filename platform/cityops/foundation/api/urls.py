"""Routes of the API's ground: root, schema, and its readers."""

from django.urls import path

from cityops.foundation.api import views

urlpatterns = [
    path("", views.Root.as_view(), name="root"),
    path("schema/", views.SchemaDocument.as_view(), name="schema"),
    path("docs/", views.SwaggerPage.as_view(), name="docs"),
    path("redoc/", views.RedocPage.as_view(), name="redoc"),
]
