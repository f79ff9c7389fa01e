"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AggregationConfig(AppConfig):
    """数据汇聚."""

    name = "sync.aggregation"
    label = "aggregation"
    verbose_name = _("数据汇聚")

    def ready(self) -> None:
        """Listen to what arrives."""
        from sync.aggregation import receivers  # noqa: F401, PLC0415
