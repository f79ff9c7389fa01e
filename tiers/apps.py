"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TiersConfig(AppConfig):
    """层级与节点."""

    name = "tiers"
    verbose_name = _("层级与节点")

    def ready(self) -> None:
        """Register the system check."""
        from tiers import checks  # noqa: F401, PLC0415 (models and settings must be there first)
