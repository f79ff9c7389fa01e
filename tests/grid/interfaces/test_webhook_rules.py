"""When webhooks are tried again and where they may go; what a move of the other platform asks of us."""

import datetime as dt

import pytest

from grid.interfaces.rules.operations import OPERATIONS, Side, missing_moves, reaction_to
from grid.interfaces.rules.webhooks import RETRIES, AddressFault, check_address, parts_of, wait_after
from grid.rules.stages import Stage
from grid.rules.transitions import MOVES, Action

PRIVATE = (
    "10.1.2.3", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
    "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::",
    "64:ff9b::a00:1", "2002:7f00:1::",
)  # fmt: skip


def test_ten_attempts_over_three_days_then_it_has_failed():
    assert [wait_after(n) for n in (1, 2, 9)] == [RETRIES[0], RETRIES[1], RETRIES[8]]
    assert wait_after(10) is None
    assert dt.timedelta(days=3) < sum(RETRIES, dt.timedelta()) < dt.timedelta(days=4)


@pytest.mark.parametrize("address", PRIVATE)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_webhook_goes_to_a_private_address(address, scheme):
    with pytest.raises(AddressFault, match="private"):
        check_address(address, scheme, [])


def test_public_addresses_are_called_by_https_only():
    assert str(check_address("93.184.216.34", "https", [])) == "93.184.216.34"
    with pytest.raises(AddressFault, match="https"):
        check_address("93.184.216.34", "http", [])


def test_named_networks_are_open_and_only_loopback_goes_without_tls():
    assert check_address("10.20.3.4", "https", ["10.20.0.0/16"])
    with pytest.raises(AddressFault, match="https"):
        check_address("10.20.3.4", "http", ["10.20.0.0/16"])
    with pytest.raises(AddressFault, match="private"):
        check_address("10.21.3.4", "https", ["10.20.0.0/16"])
    assert check_address("127.0.0.1", "http", ["127.0.0.0/8"])
    assert str(check_address("::ffff:10.20.0.1", "https", ["10.20.0.0/16"])) == "10.20.0.1"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://a/b",
        "https://",
        "https:///x",
        "https://a:99999/",
        "https://a/#x",
        "https://a/ b",
        "https://a/\n",
        "x",
    ],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(AddressFault):
        parts_of(url)


def test_credentials_in_an_address_are_refused():
    with pytest.raises(AddressFault, match="credentials"):
        parts_of("https://me:secret@a/")
    assert parts_of("https://a.example/x?y=1") == ("https", "a.example", 443, "/x?y=1")


def test_every_operation_makes_a_move_that_there_is():
    for one in OPERATIONS.values():
        assert one.action in MOVES
        assert one.otherwise is None or one.otherwise in MOVES
        assert one.sides


@pytest.mark.parametrize(
    ("stage", "wanted", "moves"),
    [
        (Stage.FILED, Stage.HANDLING, (Action.DISPATCH, Action.SIGN)),
        (Stage.FILED, Stage.DISPATCHED, (Action.DISPATCH,)),
        (Stage.DISPATCHED, Stage.HANDLING, (Action.SIGN,)),
        (Stage.DISPATCHED, Stage.DISPATCHED, ()),
        (Stage.HANDLING, Stage.HANDLING, ()),
        (Stage.FEEDBACK, Stage.HANDLING, ()),
    ],
)
def test_a_case_is_taken_over_as_far_as_it_must(stage, wanted, moves):
    assert missing_moves(stage, wanted) == moves


def test_reactions_name_operations_of_the_right_side():
    for action in Action:
        for side in Side:
            found = reaction_to(action, side)
            if found is not None and found.operation not in ("take", "again"):
                assert side in OPERATIONS[found.operation].sides, action


def test_a_partner_that_only_handles_closes_nothing_here():
    assert reaction_to(Action.CLOSE, Side.REPORTED) is None
    assert reaction_to(Action.CLOSE, Side.ASSIGNED).operation == "dispose_feedback"
