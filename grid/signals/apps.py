"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SignalsConfig(AppConfig):
    """疑点."""

    name = "grid.signals"
    verbose_name = _("疑点")
