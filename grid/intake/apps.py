"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IntakeConfig(AppConfig):
    """受理."""

    name = "grid.intake"
    verbose_name = _("受理")

    def ready(self) -> None:
        """Stand at the core's door, advise its dispatch form, and listen to how cases end."""
        from grid.intake import receivers  # noqa: F401, PLC0415
