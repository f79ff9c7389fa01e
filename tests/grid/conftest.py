"""What every test of the grid needs."""

from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection

from grid.selectors.calendar import forget_desk
from grid.services.imports.runs import IMPORT_LOCK


@pytest.fixture(autouse=True)
def _fresh_desk():
    """No test counts with the calendar of another."""
    forget_desk()
    yield
    forget_desk()


@pytest.fixture
def other_import():
    """Somebody else's import is under way: another session holds the lock."""

    @contextmanager
    def held():
        settings = connection.get_connection_params()
        wanted = {name: settings[name] for name in ("host", "port", "user", "password", "dbname") if name in settings}
        with psycopg.connect(**wanted) as other:
            other.execute("SELECT pg_advisory_lock(%s::bigint)", [IMPORT_LOCK])
            yield

    return held
