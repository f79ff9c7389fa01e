"""App configuration."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from cityops.foundation.failpoints import arm_from_settings


class FoundationConfig(AppConfig):
    """Base of all apps; finds every app's ``records`` once all models are loaded."""

    name = "cityops.foundation"
    label = "foundation"

    def ready(self) -> None:
        """Let every app register the records it exchanges, as Django's admin does; arm what a test wants to fail."""
        autodiscover_modules("records")
        arm_from_settings()
