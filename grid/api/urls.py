"""Routes of the grid's API: the ground (grids, components, imports), then the cases on it."""

from grid.api.case_urls import urlpatterns as case_urlpatterns
from grid.api.ground_urls import urlpatterns as ground_urlpatterns

urlpatterns = [*ground_urlpatterns, *case_urlpatterns]
