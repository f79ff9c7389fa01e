"""Fixtures for all tests."""

import os
from pathlib import Path

import pytest
from django.db import connection
from django.test import TransactionTestCase

SHARED = Path(__file__).resolve().parents[1].parent / "shared"


@pytest.fixture(scope="session")
def shared_data():
    """The folder of public sample data beside the repository; a clone elsewhere skips the tests that need it."""
    folder = Path(os.environ.get("CITYOPS_SHARED", SHARED)) / "data"
    if not folder.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{folder} is missing; CI must have it.")
        pytest.skip(f"{folder} is not here")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _append_only_tables_may_be_emptied_between_tests():
    """The audit trail refuses TRUNCATE; only the clean-up after a test with real transactions may do it."""
    teardown = TransactionTestCase._fixture_teardown

    def emptied(self):
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
        try:
            teardown(self)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SET session_replication_role = DEFAULT")

    TransactionTestCase._fixture_teardown = emptied
    yield
    TransactionTestCase._fixture_teardown = teardown
