"""Who may do what in duty."""

from cityops.accounts.permissions import Permission

PERMISSIONS: tuple[Permission, ...] = ()
