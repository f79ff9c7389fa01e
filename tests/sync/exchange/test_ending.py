"""What people may end: a request refused, a code cancelled, a link suspended, resumed and retired."""

import pytest
from django.urls import reverse

from cityops.foundation.errors import InvalidInput, NotThere, Refused
from cityops.foundation.models import AuditEvent
from sync.exchange.models import Enrolment, Key, Link, Stream
from sync.exchange.services import ending, enrolment, links
from tests.factories.people import ZHEJIANG, division, person
from tests.sync.exchange.conftest import CITY
from tests.sync.exchange.test_peer_calls import call, fresh, refused  # noqa: F401

pytestmark = pytest.mark.django_db
NINGBO = "330200000000-C"


@pytest.fixture
def province(from_city):
    """浙江, to which 杭州 is linked."""
    from_city("城管局")
    division(ZHEJIANG)


def signed_in(client, role):
    client.force_login(person(role, division_code=ZHEJIANG))
    return client


def somebody():
    """Who answers for the province."""
    return person("system_admin", division_code=ZHEJIANG)


def told(action: str) -> AuditEvent:
    return AuditEvent.objects.filter(action=action).latest("id")


def asked(child: str = NINGBO) -> Enrolment:
    """A child that used its code."""
    enrolment.make_code(child)
    Enrolment.objects.filter(child_code=child).update(state="asked", details={"kid": "0", "name": "宁波市"})
    return Enrolment.objects.get(child_code=child)


def test_a_request_is_refused_with_a_reason_and_stays_refused(client, province):
    asked()
    signed_in(client, "security_admin")
    client.post(reverse("exchange-refuse", args=[NINGBO]), {"reason": " "})
    assert Enrolment.objects.get(child_code=NINGBO).state == "asked"
    client.post(reverse("exchange-refuse", args=[NINGBO]), {"reason": "密钥标识不符"})
    found = Enrolment.objects.get(child_code=NINGBO)
    assert (found.state, found.closed_reason, found.closed_at is not None) == ("refused", "密钥标识不符", True)
    assert told("enrolment.refuse").reason == "密钥标识不符"
    assert "密钥标识不符" in client.get(reverse("exchange-enrolments")).content.decode()
    with pytest.raises(NotThere):
        enrolment.approve(NINGBO, by="someone")
    assert not Link.objects.filter(peer_code=NINGBO).exists()


def test_a_code_that_was_not_used_is_cancelled_by_who_may_make_one(client, province):
    enrolment.make_code(NINGBO)
    address = reverse("exchange-cancel", args=[NINGBO])
    assert signed_in(client, "security_admin").post(address, {"reason": "x"}).status_code == 403
    signed_in(client, "system_admin").post(address, {"reason": "发错节点"})
    assert Enrolment.objects.get(child_code=NINGBO).state == "cancelled"
    assert told("enrolment.cancel").reason == "发错节点"
    with pytest.raises(NotThere):
        ending.cancel_code(NINGBO, reason="again")


def test_a_suspended_link_takes_nothing_until_it_is_resumed(call, client):  # noqa: F811
    number = fresh(call)
    signed_in(client, "system_admin").post(reverse("exchange-suspend", args=[CITY]), {"reason": "核查数据"})
    link = Link.objects.get(peer_code=CITY)
    assert (link.state, link.frozen_reason) == ("frozen", "HELD: 核查数据")
    assert "由管理员暂停" in client.get(reverse("exchange-link", args=[CITY])).content.decode()
    refused(call("push", call.sent.envelope.pack(), **number), "SUSPENDED")
    links.thaw(somebody(), link, reason="已核查")
    assert call("push", call.sent.envelope.pack(), **fresh(call)).status_code == 200
    with pytest.raises(Refused):
        ending.suspend_link(somebody(), Link(pk=make_frozen(link)), reason="x")


def make_frozen(link: Link) -> int:
    Link.objects.filter(pk=link.pk).update(state="frozen")
    return link.pk


def test_a_retired_link_takes_nothing_its_key_is_revoked_and_what_came_stays(call, client):  # noqa: F811
    assert call("push", call.sent.envelope.pack(), **fresh(call)).status_code == 200
    number = fresh(call)
    enrolment.make_code(CITY)
    address = reverse("exchange-retire", args=[CITY])
    assert signed_in(client, "system_admin").post(address, {"reason": "x"}).status_code == 403
    signed_in(client, "security_admin").post(address, {"reason": "平台撤并"})
    assert Link.objects.get(peer_code=CITY).state == "retired"
    assert set(Key.objects.filter(node_code=CITY).values_list("state", flat=True)) == {"revoked"}
    assert Enrolment.objects.get(child_code=CITY).state == "cancelled"
    assert told("link.retire").reason == "平台撤并"
    assert call("notes", {}, **number).json()["code"] == "KEY"
    assert Stream.objects.get(producer_code=CITY).applied_count == 2
    page = client.get(reverse("exchange-link", args=[CITY])).content.decode()
    assert "停用链路" not in page


def test_without_a_reason_nothing_ends(province):
    link = Link.objects.get(peer_code=CITY)
    for decide in (ending.suspend_link, ending.retire_link):
        with pytest.raises(InvalidInput):
            decide(somebody(), link, reason="")
    link.refresh_from_db()
    assert link.state == "live"


def test_a_retired_child_joins_again_with_a_new_code(province):
    kid = Key.objects.get(node_code=CITY).kid
    public = Key.objects.get(node_code=CITY).public_key
    ending.retire_link(somebody(), Link.objects.get(peer_code=CITY), reason="撤并")
    enrolment.make_code(CITY)
    details = {
        "node_code": CITY, "name": "杭州", "tier": "3", "base_url": "", "suite": "intl", "kid": kid,
        "public_key": public,
    }  # fmt: skip
    Enrolment.objects.filter(child_code=CITY, state="open").update(state="asked", details=details)
    assert enrolment.approve(CITY, by="someone").state == "live"
    assert Key.objects.get(kid=kid).state == "active"
