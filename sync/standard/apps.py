"""App configuration."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StandardConfig(AppConfig):
    """数据标准."""

    name = "sync.standard"
    label = "standard"
    verbose_name = _("数据标准")

    def ready(self) -> None:
        """Register the system check."""
        import_module("sync.standard.checks")
