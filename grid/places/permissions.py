"""Who may do what in places."""

from cityops.accounts.permissions import Permission

PERMISSIONS: tuple[Permission, ...] = ()
