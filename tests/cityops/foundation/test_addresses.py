"""The address of a client: of the connection, or the last hop that the own proxy wrote."""

import pytest
from django.urls import reverse

from cityops.foundation.addresses import last_hop, network_of
from cityops.foundation.models import AuditEvent
from tests.factories.people import PASSWORD, person


@pytest.mark.parametrize(
    ("forwarded", "hop"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("127.0.0.1, 203.0.113.9", "203.0.113.9"),
        ("spoofed , 2001:db8::7", "2001:db8::7"),
        ("203.0.113.9, unknown", ""),
        ("203.0.113.9,", ""),
        ("", ""),
        ("x\ny", ""),
    ],
)
def test_only_the_last_hop_counts_and_only_an_address(forwarded, hop):
    assert last_hop(forwarded) == hop


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("", ""),
    ],
)
def test_limits_count_ipv6_by_its_network(address, counted):
    assert network_of(address) == counted


def test_who_changes_the_address_inside_a_network_is_locked_all_the_same(client, db):
    user = person()
    asked = {"username": user.username, "password": "wrong"}
    answers = [client.post(reverse("sign-in"), asked, REMOTE_ADDR=f"2001:db8:1:2::{number}") for number in range(5)]
    assert answers[-1].status_code == 429
    assert AuditEvent.objects.filter(succeeded=False, address="2001:db8:1:2::3").exists()
    right = {**asked, "password": PASSWORD}
    assert client.post(reverse("sign-in"), right, REMOTE_ADDR="2001:db8:1:2:9::9").status_code == 429
    assert client.post(reverse("sign-in"), right, REMOTE_ADDR="2001:db8:1:3::9").status_code == 302


@pytest.mark.parametrize(("is_behind", "seen"), [(False, "127.0.0.1"), (True, "203.0.113.9")])
def test_trail_and_sign_in_limit_see_the_same_address(client, db, settings, is_behind, seen):
    settings.CITYOPS_BEHIND_PROXY = is_behind
    user = person()
    forwarded = {"X-Forwarded-For": "10.9.9.9, 203.0.113.9"}
    client.post(reverse("sign-in"), {"username": user.username, "password": "wrong"}, headers=forwarded)
    assert AuditEvent.objects.latest("id").address == seen
    from axes.models import AccessAttempt

    assert AccessAttempt.objects.get().ip_address == seen


def test_who_writes_other_first_hops_is_locked_all_the_same(client, db, settings):
    settings.CITYOPS_BEHIND_PROXY = True
    user = person()
    for number in range(5):
        forwarded = {"X-Forwarded-For": f"10.0.0.{number}, 203.0.113.8"}
        client.post(reverse("sign-in"), {"username": user.username, "password": "wrong"}, headers=forwarded)
    answer = client.post(
        reverse("sign-in"),
        {"username": user.username, "password": PASSWORD},
        headers={"X-Forwarded-For": "203.0.113.8"},
    )
    assert answer.status_code == 429


def test_metrics_stay_closed_to_whoever_comes_over_a_proxy(client, settings):
    settings.CITYOPS_BEHIND_PROXY = True
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404
