"""Rules without a database: places, chain, envelope, differences."""

import uuid

import pytest

from sync.exchange.rules import chain as chains
from sync.exchange.rules import envelope
from sync.exchange.rules.differences import compare
from sync.exchange.rules.places import is_under, may_send_up, prefix_of, travels
from sync.exchange.rules.refusals import PeerRefused

N, P, P2, C = "000000000000-N", "330000000000-P", "320000000000-P", "330100000000-C"


@pytest.mark.parametrize(
    ("node", "ancestor", "expected"),
    [(C, P, True), (C, N, True), (P, N, True), (C, P2, False), (P, C, False), (N, P, False), (C, C, False)],
)
def test_a_node_lies_under_the_nodes_of_its_divisions(node, ancestor, expected):
    assert is_under(node, ancestor) is expected


@pytest.mark.parametrize("code", ["", "3301-C", "330100000000-X", "330100000000", "33010000000a-C"])
def test_what_is_no_node_code_is_refused(code):
    with pytest.raises(ValueError, match="node code"):
        prefix_of(code)


@pytest.mark.parametrize(
    ("sender", "producer", "scope", "receiver", "expected"),
    [
        (C, C, "N", P, True),
        (C, C, "P", P, True),
        (P, C, "N", N, True),
        (P, C, "P", N, False),
        (P, P, "N", N, True),
        (P2, C, "N", N, False),
        (C, C, "C", P, False),
        (C, P, "N", P, False),
    ],
)
def test_who_may_hand_over_which_stream(sender, producer, scope, receiver, expected):
    assert may_send_up(sender=sender, producer=producer, scope=scope, receiver=receiver) is expected


@pytest.mark.parametrize(
    ("flow", "scope", "letter", "expected"),
    [
        ("up", "N", "C", True),
        ("up", "C", "C", False),
        ("up", "N", "N", False),
        ("up", "P", "P", False),
        ("down", "N", "N", True),
        ("down", "N", "C", False),
    ],
)
def test_what_is_put_into_a_stream_at_all(flow, scope, letter, expected):
    assert travels(flow=flow, scope=scope, tier_letter=letter) is expected


def test_the_chain_tells_order_content_and_beginning():
    start = {"producer": C, "flow": "up", "scope": "N", "lane": "normal", "epoch_no": 1}
    one = chains.genesis(**start, epoch_id=uuid.UUID(int=1))
    assert one != chains.genesis(**start, epoch_id=uuid.UUID(int=2))
    assert chains.over_lines(one, [b"a\n", b"b\n"]) != chains.over_lines(one, [b"b\n", b"a\n"])
    assert chains.over_lines(one, [b"a\n", b"b\n"]) != chains.over_lines(one, [b"a\nb\n"])
    assert chains.over_block(one, b"a\n") != chains.over_lines(one, [b"a\n"])


def test_an_envelope_survives_the_wire_and_a_cut_one_does_not():
    sealed = envelope.Envelope(b"{}", b"s" * 64, b"body")
    assert envelope.unpack(sealed.pack()) == sealed
    for size in (0, 4, 9, 11):
        with pytest.raises(PeerRefused, match="batch"):
            envelope.unpack(sealed.pack()[:size])


def test_a_body_that_unpacks_to_more_than_announced_is_refused():
    bomb = envelope.compress(b"0" * 10_000_000)
    with pytest.raises(PeerRefused) as refusal:
        envelope.decompress(bomb, 1000)
    assert refusal.value.code == "MALFORMED"
    with pytest.raises(PeerRefused) as refusal:
        envelope.decompress(bomb, envelope.MAX_RAW_BYTES + 1)
    assert refusal.value.code == "TOO_LARGE"


def test_differences_tell_missing_differing_orphans_and_what_is_on_its_way():
    def leaf(rev, content, seq, changed=False):
        return (1, rev, "U", content, seq, changed)

    source = {
        "same": leaf(1, "a", 1),
        "missing": leaf(1, "a", 2),
        "older": leaf(2, "b", 3),
        "broken": leaf(1, "a", 4),
        "late": leaf(2, "c", 9),
        "changed": leaf(1, "d", 5, True),
    }
    holder = {
        "same": leaf(1, "a", 1),
        "older": leaf(1, "a", 0),
        "broken": leaf(1, "X", 4),
        "late": leaf(1, "a", 6),
        "changed": leaf(1, "a", 5),
        "orphan": leaf(1, "z", 1),
        "ahead": leaf(3, "e", 10),
        "new": leaf(1, "n", 11),
    }
    source["ahead"] = leaf(2, "b", 7)
    found = compare(source, holder, cursor=8, head=9, parked=frozenset({"missing"}))
    assert (found.missing, found.differing, found.orphans) == (["missing", "older"], ["broken"], ["orphan"])
    assert found.in_flight == 4
    assert found.to_send_again == ["older", "broken"]
    assert not found.is_equal
