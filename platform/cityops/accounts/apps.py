"""App configuration."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """机构与人员."""

    name = "cityops.accounts"
    label = "accounts"
    verbose_name = _("机构与人员")

    def ready(self) -> None:
        """Seed roles and permissions after every migrate; audit signing in and out; describe tokens in the schema."""
        from cityops.accounts import receivers  # noqa: F401, PLC0415
        from cityops.accounts.api import schema  # noqa: F401, PLC0415
        from cityops.accounts.seeding import seed_after_migrate  # noqa: PLC0415

        post_migrate.connect(seed_after_migrate, dispatch_uid="accounts.seeding")
