"""Directed scenarios of restored backups: rows F30 to F37 of the fault matrix, and the numbers near their ends."""

from sync.exchange.services import running
from tests.chaos.directed import scenario, world_of
from tests.chaos.nodes import CITY_A, NATION, PROVINCE
from tests.chaos.wire import Message, Network


@scenario
def f30_owner_restored_and_written_to(network: Network) -> None:
    """The owner is put back, and written to before the first contact: what others hold comes back, forks are kept."""
    world = world_of(network, "NPA")
    world.play(
        [("write", "organisation", "A", "1"), ("write", "organisation", "A", "2"), ("slice", "A"), ("backup", "A")]
    )
    world.play(
        [("write", "organisation", "A", "1"), ("write", "organisation", "A", "3"), ("slice", "A"), ("slice", "P")]
    )
    world.play([("write", "organisation", "A", "2"), ("slice", "A"), ("restore", "A", 0)])
    world.play([("write", "organisation", "A", "1"), ("write", "organisation", "A", "4"), ("slice", "A")])
    world.finish()
    assert world.held(CITY_A, ("organisation", CITY_A, "3")) == "w6", "what only others held did not come back"
    assert world.held(CITY_A, ("organisation", CITY_A, "2")) == "w9"
    assert world.conflicts() == 1, "the fork of record 1 must be kept for a person"
    assert network.nodes[CITY_A].rows("SELECT count(*) FROM sync_recovery")[0][0] >= 1


@scenario
def f31_receiver_restored(network: Network) -> None:
    """The receiver is put back: it asks again from its own cursor, and both ends are equal."""
    world = world_of(network, "NPA")
    world.play([("write", "organisation", "A", "1"), ("slice", "A"), ("backup", "N"), ("backup", "P")])
    world.play(
        [("write", "organisation", "A", "1"), ("delete", "organisation", "A", "1"), ("slice", "A"), ("slice", "P")]
    )
    world.play([("write", "organisation", "A", "2"), ("slice", "A"), ("slice", "P"), ("restore", "P", 0)])
    world.play([("slice", "P"), ("slice", "A"), ("slice", "P"), ("restore", "N", 0), ("slice", "P")])
    world.finish()
    assert world.conflicts() == 0


@scenario
def f32_both_restored_twice(network: Network) -> None:
    """Both ends are put back to different ages, twice, and to a newer backup in the end."""
    world = world_of(network, "PA")
    world.play([("write", "organisation", "A", "1"), ("slice", "A"), ("backup", "A"), ("backup", "P")])
    world.play([("write", "organisation", "A", "1"), ("write", "organisation", "A", "2"), ("slice", "A")])
    world.play([("backup", "A"), ("backup", "P"), ("delete", "organisation", "A", "2"), ("slice", "A")])
    world.play([("restore", "A", 0), ("restore", "P", 1), ("write", "organisation", "A", "1"), ("slice", "A")])
    world.play([("restore", "P", 0), ("slice", "A"), ("restore", "A", 1), ("write", "organisation", "A", "3")])
    world.play([("slice", "A"), ("restore", "P", 1), ("slice", "A")])
    world.finish()


@scenario
def f33_restored_during_recovery(network: Network) -> None:
    """Restores and deaths in the middle of a recovery, and an old batch that comes late: it begins again, all holds."""
    world = world_of(network, "PA")
    world.play([("write", "organisation", "A", "1"), ("slice", "A"), ("backup", "A"), ("backup", "P")])
    world.play([("write", "organisation", "A", "1"), ("write", "organisation", "A", "2"), ("slice", "A")])
    world.play([("write", "organisation", "A", "2"), ("slice", "A", ("hold", "push", 0.0)), ("backup", "P")])
    for call, act in (("echo", ("restore", "P", 0)), ("evidence", ("restore", "P", 1)), ("fence", ("restore", "P", 1))):
        world.play([("restore", "A", 0), ("write", "organisation", "A", "1")])
        _during(world, call, act)
        world.play([("slice", "A"), ("restore", "A", 0), ("slice", "A", ("lost_answer", call, 0.0)), ("slice", "A")])
    world.play([("release", 0), ("restore", "A", 0), ("kill", "A", "sequence.numbered", 1), ("slice", "A")])
    world.finish()


def _during(world: "object", call: str, act: tuple[object, ...]) -> None:
    """Do something just before a certain call of the city's next slice arrives."""
    told: list[Message] = []

    def between(message: Message) -> None:
        if message.call == call and not told:
            told.append(message)
            world.play([act])  # type: ignore[attr-defined]

    world.network.on_message = between  # type: ignore[attr-defined]
    world.play([("slice", "A")])  # type: ignore[attr-defined]
    world.network.on_message = None  # type: ignore[attr-defined]


@scenario
def f35_database_emptied(network: Network) -> None:
    """The parent's database is replaced by one without a record, then the child's: each is filled again."""
    world = world_of(network, "NPA")
    world.play([("backup", "P"), ("backup", "A")])
    world.play([("write", "organisation", "A", "1"), ("write", "place", "A", "1"), ("write", "task", "P", "1")])
    world.play([("slice", "A"), ("slice", "P"), ("slice", "A"), ("restore", "P", 0), ("slice", "P"), ("slice", "A")])
    world.finish()
    assert world.held(PROVINCE, ("organisation", CITY_A, "1")) == "w3"
    world.play([("restore", "A", 0), ("slice", "A")])
    world.finish()
    assert world.held(CITY_A, ("organisation", CITY_A, "1")) == "w3"
    assert world.held(CITY_A, ("place", CITY_A, "1")) == "w4"


@scenario
def f36_standby_missed_the_last_second(network: Network) -> None:
    """The standby takes over without the last commits: what was sent comes back, what was not is gone and no fork."""
    world = world_of(network, "PA")
    world.play(
        [("write", "organisation", "A", "1"), ("slice", "A"), ("backup", "A"), ("write", "organisation", "A", "2")]
    )
    world.play([("slice", "A"), ("write", "organisation", "A", "3"), ("restore", "A", 0), ("slice", "A")])
    world.finish()
    assert world.held(CITY_A, ("organisation", CITY_A, "2")) == "w4"
    assert not world.held(CITY_A, ("organisation", CITY_A, "3"))
    assert world.conflicts() == 0


@scenario
def f37_large_numbers(network: Network) -> None:
    """Numbers beyond 2^31 and 2^53 travel exactly."""
    world = world_of(network, "PA")
    world.play([("write", "organisation", "A", "1"), ("slice", "A")])
    for large in (2**31 - 1, 2**53 - 1):
        for code in (CITY_A, PROVINCE):
            network.nodes[code].raw.execute(
                "UPDATE sync_stream SET seq = %s WHERE producer_code = %s AND lane = 'normal' AND scope = 'N'",
                [large, CITY_A],
            )
            network.nodes[code].raw.execute(
                "UPDATE sync_batch SET from_seq = %s, to_seq = %s WHERE id = (SELECT max(b.id) FROM sync_batch b "
                "JOIN sync_stream s ON s.id = b.stream_id WHERE s.producer_code = %s AND s.lane = 'normal' "
                "AND s.scope = 'N')",
                [large, large, CITY_A],
            )
        world.play(
            [("write", "organisation", "A", "1"), ("slice", "A"), ("write", "organisation", "A", "2"), ("slice", "A")]
        )
        heads = {
            network.nodes[code].rows(
                "SELECT seq, chain FROM sync_stream WHERE producer_code = %s AND lane = 'normal' AND scope = 'N'",
                CITY_A,
            )[0]
            for code in (CITY_A, PROVINCE)
        }
        assert [seq for seq, _chain in heads] == [large + 2], heads
    with network.nodes[CITY_A].active():
        assert {one.result for one in running.reconcile()} == {"equal"}
    assert world.held(PROVINCE, ("organisation", CITY_A, "2")) == world.held(CITY_A, ("organisation", CITY_A, "2"))
    assert NATION not in world.codes
