"""Who may do what in intake."""

from django.utils.translation import gettext_lazy as _

from cityops.accounts.permissions import Permission

DESKS = ("acceptor", "duty_leader", "hotline", "dispatcher", "leader", "data_officer", "system_admin")

PERMISSIONS: tuple[Permission, ...] = (
    Permission("intake.view_sourcerule", _("查看来源规则"), DESKS),
    Permission("intake.change_sourcerule", _("维护来源规则"), ("data_officer",)),
    Permission("intake.view_dutyrule", _("查看责任表"), DESKS),
    Permission("intake.change_dutyrule", _("维护责任表"), ("data_officer",)),
    Permission("intake.view_answer", _("查看答复"), ("acceptor", "duty_leader", "hotline", "leader")),
    Permission("intake.tell_answer", _("答复与回访"), ("acceptor", "hotline")),
)
