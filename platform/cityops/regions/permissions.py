"""What one may do with divisions."""

from django.utils.translation import gettext_lazy as _

from cityops.accounts.permissions import EVERYONE, Permission

PERMISSIONS: tuple[Permission, ...] = (Permission("regions.view_division", _("查看行政区划"), EVERYONE),)
