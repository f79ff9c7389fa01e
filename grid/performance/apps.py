"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PerformanceConfig(AppConfig):
    """绩效评价."""

    name = "grid.performance"
    verbose_name = _("绩效评价")
