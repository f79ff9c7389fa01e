"""Directed scenarios, named after the rows of the fault matrix (design b.3)."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError

from cityops.foundation.failpoints import arm, disarm
from tests.chaos import crafted, kinds
from tests.chaos.joining import work
from tests.chaos.nodes import CITY_A, CITY_B, NATION, PROVINCE
from tests.chaos.wire import Network, flipped
from tests.chaos.world import LONG, World

Scenario = Callable[[Network], None]
SCENARIOS: dict[str, Scenario] = {}
WORKER = ("sequence.taken", "sequence.numbered", "sequence.sealed", "push.before", "push.answered", "tell.before")
RECEIVER = ("receive.kept", "receive.applied", "receive.signed", "answer.committed")


def scenario(run: Scenario) -> Scenario:
    """Enter a scenario under its name, ``f08_requests_cut`` for row F8."""
    SCENARIOS[run.__name__] = run
    return run


def world_of(network: Network, names: str) -> World:
    """A world of some nodes, by their letters from the top down."""
    return World(network, tuple(LONG[name] for name in names))


@scenario
def f01_long_transactions(network: Network) -> None:
    """Writers commit out of order, some never; a long transaction delays nobody else, and is not missed."""
    world = world_of(network, "PA")
    world.play([("open", "A"), ("write", "organisation", "A", "1"), ("slice", "A")])
    assert world.held(PROVINCE, ("organisation", CITY_A, "1")) == "w2", "others wait for the long transaction"
    world.play([("write", "organisation", "A", "2"), ("slice", "A"), ("close", "A", True), ("slice", "A")])
    world.play([("open", "A"), ("close", "A", False)])
    for point in ("sequence.numbered", "sequence.taken"):
        world.play([("write", "organisation", "A", "3"), ("write_between", "A", point), ("slice", "A")])
    assert world.counts["between"] == 2
    world.finish()


@scenario
def f02_idle_in_transaction(network: Network) -> None:
    """A session that idles in a transaction holds nothing up."""
    world = world_of(network, "PA")
    with network.nodes[CITY_A].raw.transaction():
        network.nodes[CITY_A].raw.execute("SELECT count(*) FROM sync_dirty, accounts_organisation")
        with network.nodes[CITY_A].active():
            kinds.put("organisation", CITY_A, "1", "w1")
        with network.nodes[CITY_A].active():
            from sync.exchange.services import running

            running.run_slice(60)
        assert world.held(PROVINCE, ("organisation", CITY_A, "1")) == "w1"


@scenario
def f03_worker_killed_at_every_point(network: Network) -> None:
    """The worker dies at every point there is; the next one goes on."""
    world = world_of(network, "PA")
    acts: list[tuple[Any, ...]] = [("write", "task", "P", "1"), ("kill", "A", "pull.answered", 1)]
    for point in WORKER:
        acts += [("write", "organisation", "A", "1"), ("kill", "A", point, 1), ("write", "organisation", "A", "2")]
    for point in RECEIVER[:3]:
        acts += [("write", "task", "P", "1"), ("write", "task", "P", "2"), ("kill", "A", point, 1)]
    world.play(acts)
    assert world.counts["killed"] >= len(WORKER), world.counts
    world.finish()


@scenario
def f04_web_process_killed_while_it_applies(network: Network) -> None:
    """The parent dies in mid-apply, before and after its commit: no half batch, and the answer is given again."""
    world = world_of(network, "NPA")
    for point in RECEIVER:
        world.play([("write", "organisation", "A", "1"), ("write", "organisation", "A", "2")])
        before = crafted.business(network.nodes[PROVINCE])
        world.play([("kill_parent", "A", point, "push")])
        after = crafted.business(network.nodes[PROVINCE])
        assert (before == after) == (point != "answer.committed"), f"half a batch after {point}"
        world.play([("slice", "A"), ("write", "organisation", "A", "3"), ("kill_parent", "P", point, "push")])
    world.finish()


@scenario
def f05_database_backend_dies_in_mid_batch(network: Network) -> None:
    """The database throws the receiver out in the middle of a batch: nothing of it stays, the next try brings it."""
    world = world_of(network, "PA")
    world.play([("write", "organisation", "A", "1")])
    _terminate_at(network, PROVINCE, "receive.applied")
    world.play([("slice", "A")])
    disarm()
    network.nodes[PROVINCE].crash()
    assert not world.held(PROVINCE, ("organisation", CITY_A, "1"))
    world.finish()


@scenario
def f06_sequencer_thrown_out_in_mid_statement(network: Network) -> None:
    """The database throws the sequencer out: no hole, no double number."""
    world = world_of(network, "PA")
    for point in ("sequence.taken", "sequence.numbered", "sequence.sealed"):
        world.play([("write", "organisation", "A", "1"), ("write", "place", "A", "1")])
        _terminate_at(network, CITY_A, point)
        with pytest.raises(OperationalError):
            world.play([("sequence", "A")])
        disarm()
        network.nodes[CITY_A].crash()
    world.finish()


def _terminate_at(network: Network, code: str, point: str) -> None:
    node = network.nodes[code]
    with node.active():
        from django.db import connection

        connection.ensure_connection()
        backend = connection.connection.info.backend_pid
    arm(point, 1, lambda: node.raw.execute("SELECT pg_terminate_backend(%s, 1000)", [backend]) and None)


@scenario
def f08_requests_cut(network: Network) -> None:
    """The request is cut after byte k: nothing of a cut batch is applied."""
    world, province = world_of(network, "PA"), network.nodes[PROVINCE]
    world.play([("write", "organisation", "A", "1"), ("write", "organisation", "A", "2"), ("sequence", "A")])
    before = crafted.business(province)
    world.play([("slice", "A", ("lost_request", "push", 0.0))])
    raw = crafted.undelivered(network).raw
    head = raw.index(b"\r\n\r\n") + 4
    places = {0, 1, head - 1, head, head + 1, len(raw) - 1, *random.Random(8).sample(range(len(raw)), 20)}
    for place in sorted(places):
        network.deliver(province, raw[:place])
        province.cache.clear()
        assert crafted.business(province) == before, f"something of a batch cut at {place} was applied"
    world.finish()


@scenario
def f09_answers_cut_or_lost(network: Network) -> None:
    """The answer is cut, or lost: every record takes effect once."""
    world = world_of(network, "PA")
    for share in (0.0, 0.001, 0.2, 0.5, 0.9, 0.999):
        world.play([("write", "organisation", "A", "1"), ("slice", "A", ("cut_answer", "push", share))])
    world.play([("write", "organisation", "A", "1"), ("slice", "A", ("lost_answer", "push", 0.0))])
    world.play([("write", "task", "P", "1"), ("write", "task", "P", "2")])
    world.play([("slice", "A", ("cut_answer", "pull", 0.5)), ("slice", "A", ("cut_answer", "notes", 0.5))])
    world.finish()
    assert network.nodes[PROVINCE].rows(
        "SELECT rev FROM sync_record WHERE rid = %s", kinds.rid_of("organisation", CITY_A, "1")
    ) == [(7,)]


@scenario
def f12_duplicates(network: Network) -> None:
    """A batch comes again and again, with its old number and with new ones: no effect, and refused each time."""
    world, province = world_of(network, "PA"), network.nodes[PROVINCE]
    world.play([("write", "organisation", "A", "1"), ("slice", "A")])
    before = crafted.business(province)
    pushed = crafted.undelivered(network)
    for _time in range(5):
        network.deliver(province, pushed.raw)
    assert crafted.refusals(province) == ["NONCE"] * 5
    codes = crafted.push(network.nodes[CITY_A], *crafted.packed_batches(network.nodes[CITY_A]) * 3)
    assert set(codes) == {"CURSOR"}, codes
    assert crafted.business(province) == before
    world.finish()


@scenario
def f13_batches_reordered(network: Network) -> None:
    """Batches come in any order, old ones days later: only the next one is taken."""
    world, city = world_of(network, "PA"), network.nodes[CITY_A]
    world.play([("slice", "A")])
    for _number in range(4):
        world.play([("write", "organisation", "A", "1"), ("sequence", "A")])
    first, second, third, fourth = crafted.packed_batches(city)[-4:]
    order = (fourth, second, first, third, first, second, fourth, third, second, fourth, first)
    codes = crafted.push(city, *order)
    taken = [number for number, code in enumerate(codes) if code == "taken"]
    assert taken == [2, 5, 7, 9], codes
    assert set(codes) == {"taken", "CURSOR"}, codes
    world.finish()


def flips(network: Network, count: int) -> None:
    """``count`` requests with one flipped bit each in what is signed: all refused, each in the audit trail."""
    world, province = world_of(network, "PA"), network.nodes[PROVINCE]
    world.play([("write", "organisation", "A", "1"), ("slice", "A", ("lost_request", "push", 0.0))])
    raw, before = crafted.undelivered(network).raw, crafted.business(province)
    chance = random.Random(14)
    places = crafted.signed_places(raw)
    for _number in range(count):
        place, noted = chance.choice(places), len(crafted.refusals(province))
        province.cache.clear()
        answer = network.deliver(province, flipped(raw, (place + chance.random()) / len(raw)))
        assert crafted.business(province) == before, f"a flip at byte {place} was taken"
        refused = len(crafted.refusals(province)) - noted
        is_http = answer is not None and answer.split(b" ", 2)[1] == b"400"
        assert refused == 1 or is_http, f"a flip at byte {place} left {refused} entries"
    network.deliver(province, raw)
    assert crafted.business(province) != before, "the request was never good"
    world.finish()


@scenario
def f14_bits_flipped(network: Network) -> None:
    """One flipped bit anywhere in what is signed: refused, and one entry each."""
    flips(network, 40)


@scenario
def f15_keys_of_others(network: Network) -> None:
    """A city signs with another city's key; a city hands over another city's batch: refused, nobody's link suffers."""
    world, city, other = world_of(network, "PAB"), network.nodes[CITY_A], network.nodes[CITY_B]
    world.play([("write", "organisation", "A", "1"), ("sequence", "A"), ("write", "organisation", "B", "1")])
    before = crafted.business(network.nodes[PROVINCE])
    assert set(crafted.push(other, *crafted.packed_batches(city))) <= {"SCOPE", "OWNER"}
    with city.active():
        from sync.exchange.services import keys

        mine = keys._private(keys._path(keys.own_key().kid))
        path = keys._path(keys.own_key().kid)
    crafted.sign_as(city, other)
    try:
        assert work(city).error
        assert crafted.refusals(network.nodes[PROVINCE])[-1] == "SIGNATURE"
    finally:
        path.write_bytes(mine)
        keys._private.cache_clear()
    assert crafted.business(network.nodes[PROVINCE]) == before
    assert not work(other).error
    world.finish()


@scenario
def f17_scope_is_kept(network: Network) -> None:
    """What is meant for the province never reaches the nation, though its sender be broken."""
    from unittest import mock

    from sync.exchange.services import recovery, relaying

    world = world_of(network, "NPA")
    world.play([("write", "place", "A", "1"), ("write", "organisation", "A", "1"), ("slice", "A")])
    everything = {"may_send_up": lambda **_words: True}
    with mock.patch.multiple(relaying, **everything), mock.patch.multiple(recovery, **everything):
        world.play([("slice", "P")])
    assert "SCOPE" in crafted.refusals(network.nodes[NATION]), crafted.refusals(network.nodes[NATION])
    assert not world.held(NATION, ("place", CITY_A, "1"))
    world.finish()


@scenario
def f18_clocks_apart(network: Network) -> None:
    """The child's clock is a day ahead, then a day behind: the exchange goes on, and the skew is seen."""
    import datetime as dt
    from unittest import mock

    from django.utils import timezone

    world, real = world_of(network, "PA"), timezone.now
    for days in (1, -1):
        world.play([("write", "organisation", "A", "1"), ("write", "task", "P", str(days + 2))])
        apart = dt.timedelta(days=days)

        def shifted(apart: dt.timedelta = apart) -> dt.datetime:
            from django.conf import settings

            return real() + (apart if settings.CITYOPS_NODE == CITY_A else dt.timedelta())

        with mock.patch.object(timezone, "now", shifted):
            world.play([("slice", "A")])
        skew = network.nodes[PROVINCE].rows("SELECT clock_skew_seconds FROM sync_link WHERE peer_code = %s", CITY_A)
        assert abs(skew[0][0] - days * 86400) < 60, skew
    world.finish()


@scenario
def f20_a_write_that_cannot_be_marked_fails(network: Network) -> None:
    """Where the mark cannot be written the user's write fails: never saved but not sent."""
    from django.db import IntegrityError

    world, city = world_of(network, "PA"), network.nodes[CITY_A]
    city.raw.execute("ALTER TABLE sync_dirty ADD CONSTRAINT no_room CHECK (false) NOT VALID")
    try:
        with pytest.raises(IntegrityError):
            world.play([("write", "organisation", "A", "1")])
    finally:
        city.crash()
        city.raw.execute("ALTER TABLE sync_dirty DROP CONSTRAINT no_room")
    assert not world.held(CITY_A, ("organisation", CITY_A, "1"))
    world.play([("write", "organisation", "A", "2")])
    world.finish()


@scenario
def f22_parent_down_for_long(network: Network) -> None:
    """The parent is away while both cities go on; then everything drains."""
    world = world_of(network, "NPAB")
    world.play([("down", "P")])
    for number in range(12):
        kind = ("organisation", "place", "action")[number % 3]
        world.play([("write", kind, "A", str(number)), ("write", kind, "B", str(number)), ("slice", "A")])
    world.play([("up", "P")])
    world.finish()


@scenario
def f25_relayed_unchanged(network: Network) -> None:
    """The nation holds the city's batches byte for byte, with the city's own signature."""
    world = world_of(network, "NPA")
    world.play([("write", "organisation", "A", "1"), ("slice", "A"), ("slice", "P")])
    query = (
        "SELECT b.header, b.signature, y.body FROM sync_batch b JOIN sync_batch_body y ON y.batch_id = b.id "
        "JOIN sync_stream s ON s.id = b.stream_id WHERE s.producer_code = %s AND s.scope = 'N' ORDER BY b.header"
    )
    sent, relayed = (network.nodes[code].rows(query, CITY_A) for code in (CITY_A, NATION))
    assert sent
    assert sent == relayed
    world.finish()


@scenario
def f26_poison(network: Network) -> None:
    """A record that breaks a rule is parked, once, with its reason; the stream goes on; a good version replaces it."""
    world, province = world_of(network, "NPA"), network.nodes[PROVINCE]
    world.play([("poison", "A", "1"), ("write", "organisation", "A", "2"), ("slice", "A")])
    parked = province.rows("SELECT rid, reasons::text FROM sync_parked WHERE state = 'P'")
    assert ["own_parent" in reasons for _rid, reasons in parked] == [True], parked
    assert world.held(PROVINCE, ("organisation", CITY_A, "2")) == "w2"
    world.finish()
    world.play([("write", "organisation", "A", "1")])
    world.network.nodes[CITY_A].raw.execute("UPDATE accounts_organisation SET parent_code = ''")
    world.finish()
    assert not province.rows("SELECT 1 FROM sync_parked WHERE state = 'P'")


@scenario
def f29_two_senders_two_sequencers(network: Network) -> None:
    """Two workers of one node at once: one wins, no number is given twice."""
    world = world_of(network, "PA")
    world.play([("write", "organisation", "A", "1"), ("steal", "A"), ("write", "organisation", "A", "1")])
    world.play([("write_between", "A", "sequence.numbered"), ("steal", "A"), ("write", "place", "A", "1")])
    world.play([("write_between", "A", "sequence.taken"), ("steal", "A")])
    world.finish()


@scenario
def f38_deletes(network: Network) -> None:
    """Deleted, deleted and made again, deleted while the parent is down, deleted against an older request in flight."""
    world = world_of(network, "NPA")
    for key in "1234":
        world.play([("write", "organisation", "A", key)])
    world.play([("slice", "A"), ("slice", "P"), ("delete", "organisation", "A", "1"), ("slice", "A")])
    world.play([("delete", "organisation", "A", "2"), ("write", "organisation", "A", "2"), ("slice", "A")])
    world.play([("down", "P"), ("delete", "organisation", "A", "3"), ("slice", "A"), ("up", "P")])
    world.play([("write", "organisation", "A", "4"), ("slice", "A", ("hold", "push", 0.0))])
    world.play([("delete", "organisation", "A", "4"), ("slice", "A"), ("release", 0), ("slice", "P")])
    world.finish()
    for key, lives in (("1", False), ("2", True), ("3", False), ("4", False)):
        for code in world.codes:
            held = world.held(code, ("organisation", CITY_A, key))
            assert bool(held) == lives, f"{code} holds {held!r} for {key}"


@scenario
def f41_update_around_the_service(network: Network) -> None:
    """A row is changed past every service: its mark is made by the table itself."""
    world = world_of(network, "PA")
    world.play([("write", "organisation", "A", "1"), ("slice", "A")])
    network.nodes[CITY_A].raw.execute("UPDATE accounts_organisation SET name = 'w99'")
    key = ("organisation", CITY_A, "1")
    world.truth.commit(world.memory[CITY_A], key, "w99", "w1")
    world.finish()
    assert world.held(PROVINCE, key) == "w99"


@scenario
def f42_silent_corruption(network: Network) -> None:
    """A row of the receiver is changed behind the platform's back: the next comparison finds and mends it."""
    world, province = world_of(network, "NPA"), network.nodes[PROVINCE]
    world.play(
        [("write", "organisation", "A", "1"), ("write", "organisation", "A", "2"), ("slice", "A"), ("slice", "P")]
    )
    province.raw.execute("SET session_replication_role = replica")
    province.raw.execute("UPDATE accounts_organisation SET name = 'spoilt' WHERE name = 'w1'")
    province.raw.execute("RESET session_replication_role")
    with network.nodes[CITY_A].active():
        from sync.exchange.services import running

        results = {one.dataset: one.result for one in running.reconcile()}
    assert results["JC02"] == "different", results
    world.finish()
    assert world.held(PROVINCE, ("organisation", CITY_A, "1")) == "w1"
