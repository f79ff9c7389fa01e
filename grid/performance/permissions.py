"""Who may do what in performance."""

from cityops.accounts.permissions import Permission

PERMISSIONS: tuple[Permission, ...] = ()
