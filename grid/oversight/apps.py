"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OversightConfig(AppConfig):
    """上级督办."""

    name = "grid.oversight"
    verbose_name = _("上级督办")

    def ready(self) -> None:
        """Listen to what arrives and to what is answered, and stand on the page of a case."""
        from grid.oversight import receivers  # noqa: F401, PLC0415
