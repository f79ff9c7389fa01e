"""The first page, which every instance has."""

from django.urls import path

from cityops.web import views

urlpatterns = [
    path("", views.home, name="home"),
]
