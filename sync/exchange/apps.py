"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExchangeConfig(AppConfig):
    """数据交换."""

    name = "sync.exchange"
    label = "exchange"
    verbose_name = _("数据交换")

    def ready(self) -> None:
        """Offer the numbers of the exchange at ``/metrics``."""
        from sync.exchange.selectors import gauges  # noqa: PLC0415

        gauges.register()
