"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FieldConfig(AppConfig):
    """现场."""

    name = "grid.field"
    verbose_name = _("现场")

    def ready(self) -> None:
        """Keep the photos of refused actions; show on the page of a case what the phone claimed."""
        from grid.field.selectors.actions import held_photos  # noqa: PLC0415
        from grid.field.web.panels import claims_panel  # noqa: PLC0415
        from grid.services.media import HELD  # noqa: PLC0415
        from grid.web.case_panels import PANELS  # noqa: PLC0415

        HELD.append(held_photos)
        PANELS.append(claims_panel)
