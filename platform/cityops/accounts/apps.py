"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """机构与人员."""

    name = "cityops.accounts"
    label = "accounts"
    verbose_name = _("机构与人员")
