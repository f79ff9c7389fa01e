"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DesksConfig(AppConfig):
    """工作台."""

    name = "grid.desks"
    verbose_name = _("工作台")
