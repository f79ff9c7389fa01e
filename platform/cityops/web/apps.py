"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebConfig(AppConfig):
    """界面."""

    name = "cityops.web"
    label = "web"
    verbose_name = _("界面")
