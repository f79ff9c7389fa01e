"""One world for all tests of a module: built once in a transaction, and given to each test in a savepoint."""

import pytest
from django.db import transaction
from django.test import override_settings

from evaluation.selectors import figures
from sync.exchange.models import SyncSelf
from tests.permissions.routes import LETTER
from tests.permissions.world import World


@pytest.fixture(scope="module")
def built(django_db_setup, django_db_blocker):
    """One of everything; what a test changes is rolled back to here."""
    node = "330100000000-C"
    here = override_settings(CITYOPS_TIER="municipal", CITYOPS_REGION=node[:12], CITYOPS_NODE=node)
    with django_db_blocker.unblock(), transaction.atomic():
        with here:
            SyncSelf.objects.update_or_create(id=1, defaults={"node_code": node})
            world = World()
        yield world
        transaction.set_rollback(True)


@pytest.fixture
def world(request, built, as_tier, db):
    """One of everything at the tier of the test, which owns it there."""
    letter = request.getfixturevalue("letter")
    as_tier(LETTER[letter].value)
    built.settle(letter)
    return built


@pytest.fixture(scope="module")
def _counts():
    return {}


@pytest.fixture
def counted_once(monkeypatch, request, _counts):
    """Count the figures of a tier once for all its roles: here it matters who may open a page, not what it counts."""
    letter, count = request.getfixturevalue("letter"), figures._count

    def remembered(places, codes, periods, user, is_cohort):
        scope = (user.scope_prefix, user.is_bound_to_organisation) if user is not None else None
        key = (letter, tuple(p.code for p in places), tuple(codes), tuple(p.key for p in periods), scope, is_cohort)
        if key not in _counts:
            _counts[key] = count(places, codes, periods, user, is_cohort)
        return _counts[key]

    monkeypatch.setattr(figures, "_count", remembered)
