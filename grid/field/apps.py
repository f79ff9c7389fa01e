"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FieldConfig(AppConfig):
    """现场."""

    name = "grid.field"
    verbose_name = _("现场")
