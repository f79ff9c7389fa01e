"""Addresses of GeoReport v2; the end of an address is the form of its answer."""

from django.urls import path, re_path

from grid.interfaces.api.open311 import views

urlpatterns = [
    path("discovery.<slug:form>", views.Discovery.as_view(), name="open311-discovery"),
    path("services.<slug:form>", views.Services.as_view(), name="open311-services"),
    path("services/<str:code>.<slug:form>", views.ServiceOne.as_view(), name="open311-service"),
    path("requests.<slug:form>", views.Requests.as_view(), name="open311-requests"),
    path("requests/<str:number>.<slug:form>", views.RequestOne.as_view(), name="open311-request"),
    path("tokens/<uuid:token>.<slug:form>", views.TokenOne.as_view(), name="open311-token"),
    re_path(r"^(?P<rest>.*)$", views.Unknown.as_view(), name="open311-unknown"),
]
