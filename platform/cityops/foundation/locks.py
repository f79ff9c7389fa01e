"""Locks by a name, held by a transaction: who comes second waits until the first has committed."""

from django.db import connection


def hold(name: str) -> None:
    """Wait for everybody else who holds ``name``, and keep it to the end of the transaction (there must be one)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
