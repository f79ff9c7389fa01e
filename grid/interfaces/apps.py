"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InterfacesConfig(AppConfig):
    """对外接口."""

    name = "grid.interfaces"
    verbose_name = _("对外接口")

    def ready(self) -> None:
        """Listen to what happens to cases."""
        from grid.interfaces import receivers  # noqa: F401, PLC0415
