"""App configuration."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MaintenanceConfig(AppConfig):
    """应用维护."""

    name = "cityops.maintenance"
    label = "maintenance"
    verbose_name = _("应用维护")

    def ready(self) -> None:
        """Connect the receivers."""
        import_module("cityops.maintenance.receivers")
