"""Accounts that nobody used for long are disabled; not the last administrators, not working integrations."""

import datetime as dt

import pytest
from django.utils import timezone

from cityops import celery
from cityops.accounts.models import ApiToken, User
from cityops.accounts.services import people
from cityops.accounts.tasks import disable_unused
from cityops.foundation.context import SYSTEM, acting
from cityops.foundation.models import AuditEvent
from tests.factories.people import api_token, division, person

pytestmark = pytest.mark.django_db
DISTRICT = "330102000000"


@pytest.fixture(autouse=True)
def _ninety_days(settings):
    settings.CITYOPS_UNUSED_DAYS = 90


def ago(days):
    return timezone.now() - dt.timedelta(days=days)


def unused(role="acceptor", *, days=91, **fields):
    return person(role, active_since=ago(400), last_login=days and ago(days), **fields)


def active():
    return set(User.objects.filter(is_active=True).values_list("username", flat=True))


def test_who_was_away_for_ninety_days_is_out_and_the_trail_says_why():
    gone, never, here = unused(), unused(days=None), unused(days=89)
    with acting(SYSTEM):
        assert disable_unused() == 2
    assert active() == {here.username}
    events = AuditEvent.objects.filter(action="person.disable")
    assert {event.object_key for event in events} == {gone.username, never.username}
    assert {event.user_name for event in events} == {"system"}
    assert "90" in events[0].reason
    assert disable_unused() == 0


def test_an_account_that_was_made_or_enabled_lately_stays(settings):
    made = person("acceptor")
    gone = unused()
    disable_unused()
    people.set_active(person("system_admin"), User.objects.get(pk=gone.pk), True, reason="回岗")
    assert disable_unused() == 0
    assert {made.username, gone.username} <= active()


def test_the_last_administrator_of_a_kind_stays():
    first, second = unused("system_admin", days=100), unused("system_admin", days=200)
    alone = unused("security_admin", days=None)
    division(DISTRICT)
    of_the_city = unused("audit_admin", days=300)
    of_a_district = unused("audit_admin", division_code=DISTRICT)
    assert disable_unused() == 2
    assert active() == {first.username, alone.username, of_the_city.username}
    assert not {second.username, of_a_district.username} & active()


def test_an_integration_with_a_valid_or_used_token_stays():
    valid, used, expired, revoked = (
        unused("data_officer", days=None, is_integration=True, username=name)
        for name in ("valid", "used", "expired", "revoked")
    )
    api_token(valid)
    api_token(used, expires_in_days=-1, last_used_at=ago(10))
    api_token(expired, expires_in_days=-1)
    api_token(revoked, revoked_at=ago(100))
    assert ApiToken.objects.count() == 4
    assert disable_unused() == 2
    assert active() == {"valid", "used"}


def test_zero_days_disable_nobody(settings):
    settings.CITYOPS_UNUSED_DAYS = 0
    unused()
    assert disable_unused() == 0


def test_it_is_in_the_schedule_of_every_instance():
    assert celery.schedule(frozenset())["accounts.disable_unused"]["task"] == "accounts.disable_unused"


def test_every_listed_module_is_there():
    every = frozenset().union(*(systems for _module, systems in celery.SCHEDULED))
    assert set(celery.schedule(every)) > set(celery.schedule(frozenset()))


def test_a_module_that_is_listed_but_missing_is_told(monkeypatch):
    monkeypatch.setattr(celery, "SCHEDULED", (*celery.SCHEDULED, ("cityops.nowhere.tasks", frozenset())))
    with pytest.raises(ModuleNotFoundError):
        celery.schedule(frozenset())
