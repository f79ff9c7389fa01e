"""What one may do with bundles."""

from django.utils.translation import gettext_lazy as _

from cityops.accounts.permissions import Permission

PERMISSIONS: tuple[Permission, ...] = (
    Permission("roads.view_bundle", _("查看数据包"), ("data_officer", "system_admin", "security_admin")),
    Permission("roads.carry_bundle", _("导出和导入数据包"), ("data_officer", "system_admin")),
)
