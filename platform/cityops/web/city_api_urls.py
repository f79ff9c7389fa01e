"""Routes of the cities in the API of an upper tier."""

from django.urls import path

from cityops.web.city_api import CityList

urlpatterns = [path("cities/", CityList.as_view(), name="city-list")]
