"""The register of nodes: one with its link, and the own one, which its people describe."""

import pytest
from django.urls import reverse

from cityops.foundation.models import AuditEvent
from sync.exchange.models import DirtyMark, Link
from sync.exchange.services.nodes import STD_VERSION, init_node
from tests.factories.people import NINGBO, division, person
from tests.sync.exchange.conftest import key_folder  # noqa: F401
from tiers.models import Node

pytestmark = pytest.mark.django_db
CITY = "330100000000-C"
GOOD = {
    "platform_name": "杭州市平台", "vendor": "承建公司", "network": "03", "protect_level": "3", "crypto_assessed": "1",
    "accepted_at": "2026-10-01", "status": "05", "reason": "验收",
}  # fmt: skip


@pytest.fixture
def own(as_tier):
    as_tier("municipal")
    init_node()
    return Node.objects.get(node_code=CITY)


def test_a_node_shows_what_the_register_says_and_its_link(client, own):
    Link.objects.create(peer_code=CITY, peer_name="x", role="child", state="frozen")
    client.force_login(person("system_admin"))
    page = client.get(reverse("node-detail", args=[CITY])).content.decode()
    assert STD_VERSION in page
    assert "国家电子政务外网" in page
    assert reverse("exchange-link", args=[CITY]) in page
    assert reverse("node-edit") in page
    assert reverse("node-detail", args=[CITY]) in client.get(reverse("node-list")).content.decode()


def test_a_node_of_another_region_is_not_there(client, own):
    Node.objects.create(
        node_code="330200000000-C", tier="3", division_code=NINGBO, platform_name="宁波", base_url="", std_version="1"
    )
    client.force_login(person("system_admin"))
    assert client.get(reverse("node-detail", args=["330200000000-C"])).status_code == 404


def test_people_describe_their_node_and_the_tiers_above_are_told(client, own):
    Node.objects.update(joined_at="2026-09-01", status="03")
    DirtyMark.objects.all().delete()
    client.force_login(person("system_admin"))
    assert client.get(reverse("node-edit")).status_code == 200
    answer = client.post(reverse("node-edit"), GOOD)
    assert answer.status_code == 302, answer.context["form"].errors
    own.refresh_from_db()
    assert (own.vendor, own.network, own.accepted_at.isoformat(), own.status) == ("承建公司", "03", "2026-10-01", "05")
    assert list(DirtyMark.objects.filter(dataset="JC11").values_list("rid", flat=True)) == [own.rid]
    told = AuditEvent.objects.get(action="node.change")
    assert told.reason == "验收"
    assert told.after["accepted_at"] == "2026-10-01"


def test_nobody_enters_a_node_as_joined_before_its_parent_let_it_in(client, own):
    client.force_login(person("system_admin"))
    for status in ("03", "05", "06"):
        assert client.post(reverse("node-edit"), {**GOOD, "status": status}).status_code == 400
    own.refresh_from_db()
    assert own.status == "01"
    assert not AuditEvent.objects.filter(action="node.change").exists()


def test_who_is_responsible_for_a_county_does_not_describe_the_city_s_node(client, own):
    division("330102000000")
    client.force_login(person("system_admin", division_code="330102000000"))
    assert client.post(reverse("node-edit"), {**GOOD, "status": "02"}).status_code == 409
    client.force_login(person("leader"))
    assert client.get(reverse("node-edit")).status_code == 403


def test_node_init_corrects_the_name_of_the_standard(own):
    Node.objects.update(std_version="CJ/T 545-2023")
    init_node()
    own.refresh_from_db()
    assert own.std_version == STD_VERSION == "CJ/T 545-2021"
