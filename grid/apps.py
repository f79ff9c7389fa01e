"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GridConfig(AppConfig):
    """指挥协调."""

    name = "grid"
    verbose_name = _("指挥协调")

    def ready(self) -> None:
        """End tile passes where somebody's rights change."""
        from grid import receivers  # noqa: F401, PLC0415
