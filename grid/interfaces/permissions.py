"""Who may do what in interfaces."""

from django.utils.translation import gettext_lazy as _

from cityops.accounts.permissions import Permission

PERMISSIONS: tuple[Permission, ...] = (
    Permission("interfaces.view_interface", _("查看对外接口"), ("data_officer", "system_admin")),
    Permission("interfaces.view_partner", _("查看对接系统"), ("data_officer", "system_admin")),
    Permission("interfaces.change_partner", _("维护对接系统"), ("data_officer", "system_admin")),
)
