"""API of oversight."""

from django.urls import URLPattern, URLResolver, path

from grid.oversight.api import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("supervisions/", views.SupervisionList.as_view(), name="oversight-list"),
    path("supervisions/<slug:task_no>/", views.SupervisionOne.as_view(), name="oversight-detail"),
    path("supervisions/<slug:task_no>/withdraw/", views.SupervisionWithdraw.as_view(), name="oversight-withdraw"),
]
