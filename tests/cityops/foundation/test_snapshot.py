"""Statements that must agree see one moment, and write nothing."""

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection

from cityops.foundation.snapshot import snapshot

pytestmark = pytest.mark.django_db(transaction=True)


def insert_elsewhere():
    """Another connection, as another process would."""
    facts = connection.get_connection_params()
    wanted = {key: facts[key] for key in ("dbname", "user", "password", "host", "port") if facts.get(key)}
    with psycopg.connect(**wanted, autocommit=True) as other:
        other.execute("INSERT INTO auth_group (name) VALUES ('elsewhere')")


def test_what_is_written_meanwhile_is_not_seen():
    with snapshot():
        before = Group.objects.count()
        insert_elsewhere()
        assert Group.objects.count() == before
    assert Group.objects.count() == before + 1


def test_nothing_is_written_in_it():
    with pytest.raises(DatabaseError, match="read-only"), snapshot():
        Group.objects.create(name="here")
    assert not Group.objects.filter(name="here").exists()


def test_it_is_a_decorator_too():
    @snapshot()
    def counted():
        before = Group.objects.count()
        insert_elsewhere()
        return before, Group.objects.count()

    before, after = counted()
    assert before == after
