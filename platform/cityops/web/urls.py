"""Pages of the shell: home."""

from django.urls import path

from cityops.web import views

urlpatterns = [
    path("", views.home, name="home"),
]
