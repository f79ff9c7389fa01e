"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DutyConfig(AppConfig):
    """值守排班."""

    name = "grid.duty"
    verbose_name = _("值守排班")
