"""Who may do what with supervisions of a superior tier."""

from django.utils.translation import gettext_lazy as _

from cityops.accounts.permissions import Permission

PERMISSIONS: tuple[Permission, ...] = (
    Permission("oversight.view_supervisiontask", _("查看对下督办"), ("supervisor", "patroller", "analyst", "leader")),
    Permission("oversight.issue_supervision", _("对下督办与撤销"), ("supervisor", "leader")),
    Permission("oversight.export_supervisiontask", _("导出对下督办"), ("supervisor", "analyst", "leader")),
)
