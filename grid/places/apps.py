"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlacesConfig(AppConfig):
    """地理编码."""

    name = "grid.places"
    verbose_name = _("地理编码")
