"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportersConfig(AppConfig):
    """反映人."""

    name = "grid.reporters"
    verbose_name = _("反映人")
