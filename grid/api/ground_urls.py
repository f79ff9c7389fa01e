"""Routes of unit grids, components and imports in the API."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
