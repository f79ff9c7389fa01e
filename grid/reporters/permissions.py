"""Who may do what with the people behind reports."""

from django.utils.translation import gettext_lazy as _

from cityops.accounts.permissions import Permission

FRONT = ("acceptor", "hotline", "duty_leader")
"""Those who talk with the public."""
PERMISSIONS: tuple[Permission, ...] = (
    Permission("reporters.view_reporter", _("查看反映人(脱敏)"), FRONT),
    Permission("reporters.open_reporter", _("查看反映人完整信息"), FRONT),
    Permission("reporters.answer_contact", _("办理联系请求"), FRONT),
    Permission("reporters.dispute_reporter", _("标记反映人争议"), ("duty_leader",)),
    Permission("reporters.ask_contact", _("申请联系反映人"), ("department", "dispatcher", "inspector", "collector")),
)
