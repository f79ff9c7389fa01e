"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RoadsConfig(AppConfig):
    """其他通道."""

    name = "sync.roads"
    label = "roads"
    verbose_name = _("其他通道")

    def ready(self) -> None:
        """Listen to the exchange."""
        from sync.exchange import events  # noqa: PLC0415
        from sync.roads.services.forgetting import forget  # noqa: PLC0415

        events.records_erased.connect(forget, dispatch_uid="roads.forget")
