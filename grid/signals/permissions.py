"""Who may do what in signals: few review, whoever is named may see and answer."""

from django.utils.translation import gettext_lazy as _

from cityops.accounts.permissions import Permission

REVIEWERS = ("duty_leader", "leader")
NAMED = ("collector", "inspector", "department", "acceptor", "dispatcher")
"""Roles of people whom a signal may name; they see those alone."""
KEEPERS = ("data_officer", "system_admin")

PERMISSIONS: tuple[Permission, ...] = (
    Permission("signals.view_signal", _("查看疑点"), (*REVIEWERS, *NAMED)),
    Permission("signals.answer_signal", _("说明疑点"), (*REVIEWERS, *NAMED)),
    Permission("signals.review_signal", _("复核疑点"), REVIEWERS),
    Permission("signals.export_signal", _("导出疑点"), REVIEWERS),
    Permission("signals.view_setting", _("查看疑点参数"), (*REVIEWERS, *KEEPERS)),
    Permission("signals.change_setting", _("维护疑点参数"), KEEPERS),
)
