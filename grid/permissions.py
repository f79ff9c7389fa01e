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
CASES: tuple[Permission, ...] = (
    Permission("grid.view_case", _("查看案件"), CITY_DESKS + UPPER_DESKS),
    Permission(
        "grid.register_case", _("上报案件"), ("collector", "acceptor", "duty_leader", "hotline", "monitor", "inspector")
    ),
    Permission(
        "grid.add_media",
        _("提交现场照片"),
        ("collector", "acceptor", "duty_leader", "dispatcher", "department", "inspector", "hotline", "monitor"),
    ),
    Permission("grid.accept_case", _("受理案件"), ("acceptor", "duty_leader")),
    Permission("grid.reject_case", _("不予立案"), ("acceptor", "duty_leader")),
    Permission("grid.file_case", _("立案"), ("duty_leader", "acceptor")),
    Permission("grid.dispatch_case", _("派遣案件"), ("dispatcher",)),
    Permission("grid.handle_case", _("签收、回退与反馈"), ("department",)),
    Permission("grid.verify_case", _("核实"), ("collector", "inspector")),
    Permission("grid.merge_case", _("并案"), ("acceptor", "duty_leader")),
    Permission("grid.self_handle", _("自行处置"), ("collector",)),
    Permission("grid.review_case", _("回退受理、退回核查、恢复办理"), ("duty_leader",)),
    Permission("grid.decide_application", _("审批申请"), ("dispatcher", "duty_leader", "leader", "acceptor")),
    Permission("grid.apply_void", _("申请作废"), ("dispatcher", "acceptor", "duty_leader")),
    Permission("grid.urge_case", _("催办"), ("dispatcher", "duty_leader", "leader")),
    Permission("grid.supervise_case", _("督办"), ("leader", "duty_leader")),
    Permission("grid.force_close", _("强制结案"), ("leader",)),
    Permission("grid.visit_back", _("回访"), ("hotline", "acceptor")),
    Permission("grid.send_check", _("下发核查与退回返工"), ("acceptor", "dispatcher")),
    Permission("grid.check_case", _("核查"), ("collector", "inspector")),
    Permission("grid.close_case", _("结案"), ("duty_leader", "acceptor")),
    Permission(
        "grid.export_case",
        _("导出案件"),
        ("duty_leader", "evaluator", "data_officer", "leader", "supervisor", "evaluation_manager", "analyst"),
    ),
    Permission("grid.view_workflow", _("查看流程版本"), (*CITY_DESKS, "system_admin")),
    Permission("grid.change_workflow", _("维护流程版本"), ("data_officer", "system_admin")),
    Permission("grid.view_calendar", _("查看工作日历"), (*CITY_DESKS, "system_admin")),
    Permission("grid.change_calendar", _("维护工作日历"), ("data_officer", "system_admin")),
)
PERMISSIONS: tuple[Permission, ...] = GROUND + CASES
