"""Several statements that must agree, as a figure, its lineage and its records, on one moment of the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """Let all statements of a block (or a function, as decorator) see the database as it was at the first of them.

    Nothing can be written in it. Within a transaction that has begun, the block sees what that one sees.
    """
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
