"""Who looks into the audit trail, and at the nodes."""

from django.utils.translation import gettext_lazy as _

from cityops.accounts.permissions import EVERYONE, Permission

PERMISSIONS: tuple[Permission, ...] = (
    Permission("maintenance.view_audit", _("查看审计记录"), ("audit_admin",)),
    Permission("maintenance.export_audit", _("导出审计记录"), ("audit_admin",)),
    Permission("maintenance.view_node", _("查看平台节点"), EVERYONE),
    Permission("maintenance.change_node", _("维护本节点登记"), ("system_admin",)),
)
