"""Who may do what in field: the phone is for those who work on the street. What each does there is the loop's."""

from django.utils.translation import gettext_lazy as _

from cityops.accounts.permissions import Permission

PERMISSIONS: tuple[Permission, ...] = (
    Permission("field.use_phone", _("现场作业(手机)"), ("collector", "inspector", "department")),
)
