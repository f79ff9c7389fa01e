"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GridConfig(AppConfig):
    """指挥协调."""

    name = "grid"
    verbose_name = _("指挥协调")

    def ready(self) -> None:
        """End tile passes where somebody's rights change; say which small pictures travel."""
        from cityops.foundation.records import Blobs, attachments  # noqa: PLC0415
        from grid import receivers  # noqa: F401, PLC0415
        from grid.services import thumbnails  # noqa: PLC0415

        attachments["GL01", "media"] = Blobs(thumbnails.own_rows, thumbnails.read, thumbnails.keep)
