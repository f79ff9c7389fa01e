"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportersConfig(AppConfig):
    """反映人."""

    name = "grid.reporters"
    verbose_name = _("反映人")

    def ready(self) -> None:
        """Take the people that registrations hand over, and stand on the page of a case."""
        from grid.reporters.services.keeping import keep_reporter  # noqa: PLC0415
        from grid.reporters.web.panel import reporter_panel  # noqa: PLC0415
        from grid.services.reporting_hooks import KEEPERS  # noqa: PLC0415
        from grid.web.case_panels import PANELS  # noqa: PLC0415

        KEEPERS.append(keep_reporter)
        PANELS.append(reporter_panel)
