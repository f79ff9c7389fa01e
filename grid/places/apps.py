"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlacesConfig(AppConfig):
    """地理编码."""

    name = "grid.places"
    verbose_name = _("地理编码")

    def ready(self) -> None:
        """Take part in imports and in the simulated city."""
        from grid.places.services.imports import PlaceRecipe  # noqa: PLC0415
        from grid.places.services.simulated import build_places  # noqa: PLC0415
        from grid.services.imports.recipe import register  # noqa: PLC0415
        from grid.services.simulator import builders  # noqa: PLC0415

        register(PlaceRecipe)
        builders.register("places", build_places)
