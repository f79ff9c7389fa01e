"""Who may do what in desks."""

from django.utils.translation import gettext_lazy as _

from cityops.accounts.permissions import Permission

PERMISSIONS: tuple[Permission, ...] = (
    Permission("desks.use_desk", _("使用工作台"), ("acceptor", "duty_leader", "dispatcher", "department", "leader")),
)
