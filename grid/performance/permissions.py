"""Who may do what in performance."""

from django.utils.translation import gettext_lazy as _

from cityops.accounts.permissions import Permission

READERS = (
    "duty_leader",
    "dispatcher",
    "acceptor",
    "inspector",
    "evaluator",
    "data_officer",
    "leader",
    "supervisor",
    "evaluation_manager",
    "analyst",
)
"""Who answers for a city or looks into one; a department is bound to itself and sees its own statement."""

PERMISSIONS: tuple[Permission, ...] = (
    Permission("performance.view_statement", _("查看绩效评价"), (*READERS, "department")),
    Permission(
        "performance.export_statement", _("导出绩效评价"), ("evaluator", "leader", "evaluation_manager", "analyst")
    ),
    Permission("performance.freeze_snapshot", _("冻结与更正绩效快照"), ("evaluator",)),
    Permission("performance.load_formulas", _("维护公式集"), ("evaluator", "evaluation_manager")),
    Permission("performance.raise_objection", _("对绩效数字提出异议"), ("department",)),
    Permission("performance.answer_objection", _("答复绩效异议"), ("evaluator",)),
    Permission("performance.make_report", _("生成分析报告"), ("evaluator", "leader", "evaluation_manager", "analyst")),
)
