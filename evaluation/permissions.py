"""Who may read figures. An operator of a department is bound to it, so figures of a region are not theirs."""

from django.utils.translation import gettext_lazy as _

from cityops.accounts.permissions import Permission

READERS = (
    "acceptor",
    "duty_leader",
    "dispatcher",
    "inspector",
    "hotline",
    "monitor",
    "evaluator",
    "data_officer",
    "leader",
    "supervisor",
    "patroller",
    "evaluation_manager",
    "expert",
    "analyst",
)
"""Everybody who answers for a region or looks into one."""

PERMISSIONS: tuple[Permission, ...] = (
    Permission("evaluation.view_figure", _("查看指标"), READERS),
    Permission(
        "evaluation.export_figure",
        _("导出指标的案件清单"),
        ("duty_leader", "evaluator", "data_officer", "leader", "supervisor", "evaluation_manager", "analyst"),
    ),
)
