"""Routes for the machines that watch an instance; open at every tier, outside the API's schema."""

from django.urls import path

from cityops.foundation import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
