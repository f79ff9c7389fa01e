"""Who may do what in intake."""

from cityops.accounts.permissions import Permission

PERMISSIONS: tuple[Permission, ...] = ()
