"""What every app stands on: errors, the audit trail, exchanged records, paging, coordinates, time.

Imports no other app of ours. Others import: ``errors``, ``audit``, ``records``, ``coordinates``, ``paging``,
``idempotency``, ``exports``.
"""
