"""Alarms are raised once, go on, and close by themselves; people acknowledge them."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from cityops.foundation.errors import InvalidInput, Refused
from cityops.foundation.models import AuditEvent
from cityops.foundation.numbers import exposition
from sync.exchange.models import Alarm, Comparison, Link, Parked, Pulse, Stream
from sync.exchange.rules import alarms as rules
from sync.exchange.services import alarms, running
from tests.factories.people import HANGZHOU, NINGBO, ZHEJIANG, person
from tests.sync.exchange.conftest import CITY, PROVINCE

HOUR = 3600


@pytest.mark.parametrize(
    ("seconds", "is_urgent", "level"),
    [(119, True, ""), (120, True, "yellow"), (899, False, ""), (900, False, "yellow"), (24 * HOUR, False, "red")],
)
def test_silence_counts_by_lane(seconds, is_urgent, level):
    assert rules.silence_level(seconds, is_urgent=is_urgent) == level


@pytest.mark.parametrize(("skew", "level"), [(None, ""), (60, ""), (-60.1, "yellow"), (90, "yellow")])
def test_skew_is_told_in_both_directions(skew, level):
    assert rules.skew_level(skew) == level


@pytest.mark.parametrize(("days", "level"), [(31, ""), (30, "yellow"), (0, "red"), (-4, "red")])
def test_a_key_is_told_of_thirty_days_before_its_end(days, level):
    assert rules.key_level(days) == level


def kinds():
    return sorted(Alarm.objects.standing().values_list("kind", flat=True))


@pytest.fixture
def province(from_city):
    """浙江 with a link to 杭州 that works."""
    from_city()
    Link.objects.update(last_ok_at=timezone.now(), clock_skew_seconds=1)
    Pulse.objects.all().delete()


def break_everything():
    """One cause of each kind; returns the kinds."""
    long_ago = timezone.now() - dt.timedelta(hours=30)
    Link.objects.update(last_ok_at=long_ago, clock_skew_seconds=-75)
    Link.objects.create(peer_code="330200000000-C", role="child", state="frozen", frozen_reason="KEY: x")
    Link.objects.create(peer_code="000000000000-N", role="parent", state="live", last_ok_at=timezone.now())
    stream = Stream.objects.filter(producer_code=CITY).first()
    stream = stream or Stream.objects.create(producer_code=CITY, flow="up", scope="N", lane="normal", epoch_id="0" * 32,
                                             chain=b"\0" * 32)  # fmt: skip
    for seq, state, code in ((1, "P", "x"), (2, "W", "x"), (3, "P", "FORK"), (4, "P", "OWNER")):
        Parked.objects.create(
            stream=stream, epoch_no=1, seq=seq, flow="up", dataset="JC02", owner_code=CITY, rid=f"{seq}" * 32,
            line=b"", state=state, reasons=[{"code": code}],
        )  # fmt: skip
    Comparison.objects.create(
        peer_code=CITY, owner_code=CITY, dataset="JC04", flow="up", result="different", records=1, orphans=1,
        at=timezone.now(),
    )  # fmt: skip
    from sync.exchange.models import Key

    Key.objects.filter(node_code=CITY).update(not_after=timezone.now() + dt.timedelta(days=25))
    return ["conflict", "different", "frozen", "key", "parked", "silent", "skew", "trespass", "waiting", "watchdog"]


@pytest.mark.django_db
def test_every_cause_raises_one_alarm_and_its_end_closes_it(province):
    assert alarms.check() == (0, 0)
    wanted = break_everything()
    assert alarms.check() == (len(wanted), 0)
    assert kinds() == wanted
    assert alarms.check() == (0, 0), "the same again raises nothing"
    assert Alarm.objects.get(kind="silent").level == "red"
    Parked.objects.all().delete()
    Link.objects.update(last_ok_at=timezone.now())
    alarms.beat(alarms.SLICE)
    raised, closed = alarms.check()
    assert (raised, closed) == (0, 6)
    assert kinds() == ["different", "frozen", "key", "skew"]
    assert AuditEvent.objects.filter(action="alarm.close").count() == 6
    Link.objects.update(clock_skew_seconds=99)
    Pulse.objects.all().delete()
    assert alarms.check() == (2, 0), "what comes back is a new alarm"


@pytest.mark.django_db
def test_a_slice_leaves_its_pulse(city):
    running.run_slice(1)
    assert (timezone.now() - Pulse.objects.get(name=alarms.SLICE).at).total_seconds() < 60


@pytest.mark.django_db
def test_people_acknowledge_with_a_note_once(province, client):
    break_everything()
    call_command("sync_watch")
    alarm = Alarm.objects.get(kind="silent")
    actor = person("supervisor", division_code=ZHEJIANG)
    with pytest.raises(InvalidInput):
        alarms.acknowledge(actor, alarm, note=" ")
    client.force_login(actor)
    assert client.post(reverse("exchange-acknowledge", args=[alarm.pk]), {"note": "已电话联系"}).status_code == 302
    alarm.refresh_from_db()
    assert (alarm.state, alarm.note, alarm.acked_by) == ("acked", "已电话联系", actor.get_username())
    with pytest.raises(Refused):
        alarms.acknowledge(actor, alarm, note="x")
    Link.objects.filter(peer_code=CITY).update(last_ok_at=timezone.now())
    alarms.check()
    alarm.refresh_from_db()
    assert alarm.state == "closed"


@pytest.mark.django_db
def test_list_badge_and_file_show_the_own_division_only(province, client):
    break_everything()
    alarms.check()
    client.force_login(person("supervisor", division_code=ZHEJIANG))
    page = client.get(reverse("exchange-alarms"))
    assert len(page.context["rows"]) == Alarm.objects.count()
    assert next(item.badge for item in page.context["menu"] if item.badge) == Alarm.objects.count()
    assert "须由人决定" in page.content.decode()
    found = b"".join(client.get(reverse("exchange-alarms-export") + "?format=csv")).decode("utf-8-sig")
    assert CITY in found
    client.force_login(person("supervisor", division_code=NINGBO))
    page = client.get(reverse("exchange-alarms"))
    assert CITY not in page.content.decode()
    assert {one.node_code for one, _name, _words in page.context["rows"]} == {"330200000000-C", PROVINCE}
    assert client.post(reverse("exchange-acknowledge", args=[Alarm.objects.get(kind="skew").pk])).status_code == 404
    assert HANGZHOU not in str([label for _gauge, rows in page.context["numbers"] for label, _value in rows])


@pytest.mark.django_db
def test_metrics_carry_the_numbers_of_the_page(province, client):
    break_everything()
    alarms.check()
    text = exposition().decode()
    assert f'sync_clock_skew_seconds{{node="{CITY}"}} -75.0' in text
    assert f'sync_parked{{dataset="JC02",node="{CITY}"}} 3.0' in text
    assert f'sync_alarms{{kind="conflict",level="red",node="{CITY}"}} 1.0' in text
    client.force_login(person("supervisor", division_code=ZHEJIANG))
    shown = {gauge.name: rows for gauge, rows in client.get(reverse("exchange-alarms")).context["numbers"]}
    assert shown["sync_parked"] == [(f"{CITY} · JC02", 3)]
    assert all(f"\n{name}{{" in text for name in shown)
