"""What people decide about keys on the page."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from cityops.foundation.models import AuditEvent
from sync.exchange.models import Key, Link
from sync.exchange.selectors.keyring import standing
from sync.exchange.services import keys, rotating, vouching
from tests.factories.people import ZHEJIANG, division, person
from tests.sync.exchange.conftest import CITY, PROVINCE
from tests.sync.exchange.test_keys import rotated, settle, told  # noqa: F401
from tests.sync.exchange.test_peer_calls import call, fresh  # noqa: F401

pytestmark = pytest.mark.django_db


def test_two_security_administrators_approve_and_one_revokes(client, rotated):  # noqa: F811
    _sent, offers = rotated
    division(ZHEJIANG)
    vouching.learn_keys(offers, from_parent=False, voucher=CITY)
    kid, page = offers[0].kid, reverse("exchange-keys")
    approve, revoke = (reverse(f"exchange-key-{act}", args=[kid]) for act in ("approve", "revoke"))
    first, second = (person("security_admin", division_code=ZHEJIANG, username=name) for name in ("一", "二"))
    client.force_login(first)
    assert "批准密钥" in client.get(page).content.decode()
    client.post(approve)
    client.post(approve)
    assert Key.objects.get(kid=kid).state == "pending", "the same person twice is one person"
    assert approve not in client.get(page).content.decode()
    client.force_login(second)
    client.post(approve)
    new = Key.objects.get(kid=kid)
    assert (new.state, new.approved_by, new.confirmed_by) == ("active", "一", "二")
    client.post(revoke, {"reason": " "})
    assert Key.objects.get(kid=kid).state == "active"
    client.post(revoke, {"reason": "私钥外泄"})
    assert Key.objects.get(kid=kid).state == "revoked"
    assert Link.objects.get(peer_code=CITY).state == "frozen"
    assert "私钥外泄" in client.get(page).content.decode()
    event = AuditEvent.objects.get(action="key.revoke")
    assert (event.user_name, event.reason) == ("二", "私钥外泄")


def test_the_page_makes_a_new_key_for_this_node(client, from_city):
    from_city()
    division(ZHEJIANG)
    client.force_login(person("system_admin", division_code=ZHEJIANG))
    client.post(reverse("exchange-key-rotate"))
    new = Key.objects.get(node_code=PROVINCE, state="pending")
    assert new.introduction
    assert new.kid[:4] in client.get(reverse("exchange-keys")).content.decode()


def test_how_a_key_stands_is_said_in_a_light(from_city):
    key = from_city().key
    assert standing(key)[0] == "green"
    key.not_after = timezone.now() + dt.timedelta(days=3)
    assert standing(key)[0] == "yellow"
    key.not_after = timezone.now()
    assert standing(key)[0] == "red"


def test_a_caller_that_missed_a_rotation_is_answered_under_the_key_it_knows(call):  # noqa: F811
    old = keys.own_key()
    new = rotating.rotate()
    vouching.activate(new)
    settle(new.kid)
    assert call("hello", {}).headers["CityOps-Key"] == new.kid
    knowing = {"CityOps-Knows": old.kid}
    assert call("hello", {}, more=knowing).headers["CityOps-Key"] == old.kid
    rotating.revoke(old.kid, reason="轮换完成")
    assert call("hello", {}, more=knowing).headers["CityOps-Key"] == new.kid
    assert fresh(call)["nonce"]
