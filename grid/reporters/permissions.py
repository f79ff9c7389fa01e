"""Who may do what in reporters."""

from cityops.accounts.permissions import Permission

PERMISSIONS: tuple[Permission, ...] = ()
