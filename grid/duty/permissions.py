"""Who may do what in duty. The roster names people, so fewer read it than the ground it is about."""

from django.utils.translation import gettext_lazy as _

from cityops.accounts.permissions import Permission

DESKS = ("collector", "acceptor", "duty_leader", "dispatcher", "inspector", "leader")
PERMISSIONS: tuple[Permission, ...] = (
    Permission("duty.view_dutygrid", _("查看责任网格与评价网格"), (*DESKS, "monitor", "evaluator", "data_officer")),
    Permission("duty.change_dutygrid", _("维护责任网格与评价网格"), ("data_officer", "duty_leader")),
    Permission("duty.view_roster", _("查看班次与排班"), DESKS),
    Permission("duty.change_roster", _("维护班次与排班"), ("duty_leader",)),
    Permission("duty.view_coverage", _("查看巡查覆盖"), (*DESKS, "evaluator", "data_officer")),
    Permission("duty.change_plan", _("维护巡查计划"), ("duty_leader", "data_officer")),
    Permission("duty.make_visit", _("登记巡查到访"), ("collector", "inspector")),
    Permission("duty.export_duty", _("导出值守数据"), ("duty_leader", "evaluator", "data_officer", "leader")),
)
