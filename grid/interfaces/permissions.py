"""Who may do what in interfaces."""

from cityops.accounts.permissions import Permission

PERMISSIONS: tuple[Permission, ...] = ()
