"""Pages of field. Manifest and worker hold nothing of anybody, and a phone asks for them without its session."""

from django.urls import URLPattern, URLResolver, path

from cityops.accounts.guards import requires
from grid.field.web import pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("", requires("field.use_phone")(pages.field), name="field"),
    path("sw.js", pages.worker, name="field-worker"),
    path("manifest.webmanifest", pages.manifest, name="field-manifest"),
]
