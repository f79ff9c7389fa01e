"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RoadsConfig(AppConfig):
    """其他通道."""

    name = "sync.roads"
    label = "roads"
    verbose_name = _("其他通道")
