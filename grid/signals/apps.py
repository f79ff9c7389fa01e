"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SignalsConfig(AppConfig):
    """疑点."""

    name = "grid.signals"
    verbose_name = _("疑点")

    def ready(self) -> None:
        """Plant what is looked for, where a city is simulated with fraud."""
        from grid.services.simulator.planting import PLANTERS  # noqa: PLC0415
        from grid.signals.services.planting import plant_and_keep  # noqa: PLC0415

        PLANTERS.append(plant_and_keep)
