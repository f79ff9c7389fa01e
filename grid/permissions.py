"""Who may do what in the grid. Ground and imports first, then the desks of the case loop."""

from django.utils.translation import gettext_lazy as _

from cityops.accounts.permissions import Permission

CITY_DESKS = (
    "collector",
    "acceptor",
    "duty_leader",
    "dispatcher",
    "department",
    "inspector",
    "hotline",
    "monitor",
    "evaluator",
    "data_officer",
    "leader",
)
"""Everybody who works with the ground of a city."""
UPPER_DESKS = ("supervisor", "patroller", "evaluation_manager", "expert", "analyst")
"""Those of province and nation who read what cities recorded."""

GROUND: tuple[Permission, ...] = (
    Permission("grid.view_unitgrid", _("查看单元网格"), CITY_DESKS + UPPER_DESKS),
    Permission("grid.change_unitgrid", _("维护单元网格"), ("data_officer",)),
    Permission("grid.view_component", _("查看管理部件"), CITY_DESKS + UPPER_DESKS),
    Permission("grid.change_component", _("维护管理部件"), ("data_officer",)),
    Permission("grid.change_component_state", _("变更部件状态"), ("data_officer", "collector", "inspector")),
    Permission("grid.export_ground", _("导出网格与部件"), ("data_officer", "leader", "analyst")),
    Permission("grid.import_data", _("导入数据"), ("data_officer",)),
)
CASES: tuple[Permission, ...] = ()
PERMISSIONS: tuple[Permission, ...] = GROUND + CASES
