"""What one may do with the data standard."""

from django.utils.translation import gettext_lazy as _

from cityops.accounts.permissions import EVERYONE, Permission

PERMISSIONS: tuple[Permission, ...] = (
    Permission("standard.view_dictionaryversion", _("查看数据标准"), EVERYONE),
    Permission("standard.change_disposalrule", _("维护立案处置结案规则"), ("duty_leader", "data_officer")),
)
