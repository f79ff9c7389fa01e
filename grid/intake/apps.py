"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IntakeConfig(AppConfig):
    """受理."""

    name = "grid.intake"
    verbose_name = _("受理")
