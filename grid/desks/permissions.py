"""Who may do what in desks."""

from cityops.accounts.permissions import Permission

PERMISSIONS: tuple[Permission, ...] = ()
