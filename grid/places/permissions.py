"""Who may do what with places."""

from django.utils.translation import gettext_lazy as _

from cityops.accounts.permissions import Permission
from grid.permissions import CITY_DESKS

PERMISSIONS: tuple[Permission, ...] = (
    Permission("places.view_place", _("查看地点与地址查询"), CITY_DESKS),
    Permission("places.change_place", _("维护地点"), ("data_officer",)),
    Permission("places.export_place", _("导出地点"), ("data_officer", "leader")),
    Permission("places.match_place", _("批量匹配地址"), ("data_officer", "evaluator", "duty_leader")),
)
