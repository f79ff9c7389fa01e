"""Two versions of a dataset: the sender goes down to what its parent reads, the receiver takes what it still knows."""

import dataclasses

import pytest

from cityops.accounts.models import Organisation
from cityops.foundation.records import OlderSchema, registry
from sync.exchange.models import Link, Parked, Stream
from sync.exchange.services.receiving import receive
from sync.exchange.services.sequencing import sequence
from tests.factories.people import organisation
from tests.sync.exchange.conftest import CITY, PROVINCE, last_envelope
from tests.sync.exchange.test_receiving import counted

pytestmark = pytest.mark.django_db
KIND = registry.get("JC02")
OLD = OlderSchema(tuple(name for name in KIND.fields if name not in {"short_name", "duty_scope"}))


@pytest.fixture
def at_version(monkeypatch):
    """Let this node know JC02 as version 2, with or without version 1, or as version 1 alone."""

    def become(*versions: int) -> None:
        kind = dataclasses.replace(KIND, schema_version=2, older={1: OLD})
        monkeypatch.setitem(registry._kinds, "JC02", kind.as_of(1) if versions == (1,) else kind)

    return become


def test_the_sender_goes_down_to_the_version_that_its_parent_reads(city, at_version):
    at_version(1, 2)
    link = Link.objects.create(peer_code=PROVINCE, role="parent", state="live", peer_schemas={"JC02": [1, 1]})
    organisation(short_name="短")
    sequence()
    (section,) = last_envelope().read().sections
    assert section.version == 1
    assert "short_name" not in section.columns
    Link.objects.filter(pk=link.pk).update(peer_schemas={"JC02": [1, 2]})
    organisation()
    sequence()
    (section,) = last_envelope().read().sections
    assert (section.version, "short_name" in section.columns) == (2, True)


def test_an_older_version_is_taken_and_leaves_what_it_does_not_have_as_it_was(from_city, at_version, monkeypatch):
    at_version(1)
    sent = from_city("城管局", "园林局")
    at_version(1, 2)
    receive(sent.envelope, sender=CITY)
    assert set(Organisation.objects.values_list("name", "short_name")) == {("城管局", ""), ("园林局", "")}
    assert counted(Stream.objects.get(producer_code=CITY)) == (2, 0, 0, 0)


def test_a_newer_version_is_parked_raw_for_the_upgrade(from_city, at_version):
    from sync.exchange.services import parking

    at_version(1, 2)
    sent = from_city("城管局")
    at_version(1)
    receive(sent.envelope, sender=CITY)
    assert Parked.objects.get().code == "VERSION"
    at_version(1, 2)
    parking._upgrade_seen.clear()
    assert parking.retry_after_upgrade() == 1
    assert Organisation.objects.get().name == "城管局"


def test_the_parent_says_what_it_reads(from_city, at_version):
    from sync.exchange.services import answering

    at_version(1, 2)
    from_city()
    assert answering.hello(Link.objects.get(peer_code=CITY))["schemas"]["JC02"] == [1, 2]
