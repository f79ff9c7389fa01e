"""Who may do what in field."""

from cityops.accounts.permissions import Permission

PERMISSIONS: tuple[Permission, ...] = ()
