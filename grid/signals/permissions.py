"""Who may do what in signals."""

from cityops.accounts.permissions import Permission

PERMISSIONS: tuple[Permission, ...] = ()
