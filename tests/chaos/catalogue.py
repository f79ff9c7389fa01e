"""The rows of the fault matrix (design b.3), and what shows each of them."""

from dataclasses import dataclass

PEER = "tests/sync/exchange/test_peer_calls.py"
RECEIVING = "tests/sync/exchange/test_receiving.py"
FLOWS = "tests/flows/joined/test_exchange.py"
RESTORES = "tests/sync/recovery/test_restores.py"
EXCHANGE = "tests/sync/exchange"


@dataclass(frozen=True)
class Row:
    """One row: its fault, the scenarios and tests that show it, what of level iii does, and what is still missing."""

    number: int
    fault: str
    scenarios: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    """As ``file::name``."""
    processes: tuple[str, ...] = ()
    """Functions of ``processes`` or modes of ``proxy``."""
    missing: str = ""


ROWS = (
    Row(1, "writers commit out of order; long transactions", ("f01_long_transactions",), processes=("Users",)),
    Row(2, "idle in transaction", ("f02_idle_in_transaction",)),
    Row(3, "worker killed at every point", ("f03_worker_killed_at_every_point",), processes=("_kill_worker",)),
    Row(4, "web process killed", ("f04_web_process_killed_while_it_applies",), processes=("_kill_web",)),
    Row(
        5,
        "PostgreSQL killed",
        ("f05_database_backend_dies_in_mid_batch",),
        processes=("_end_backends",),
        missing="the postmaster itself is not killed: all nodes share one server here",
    ),
    Row(6, "sequencer killed in mid-statement", ("f06_sequencer_thrown_out_in_mid_statement",)),
    Row(
        7,
        "Redis killed, flushed, replaced",
        tests=(f"{FLOWS}::test_nothing_is_lost_or_doubled_when_worker_web_server_and_redis_are_killed",),
        processes=("_flush_redis",),
    ),
    Row(8, "request cut after byte k", ("f08_requests_cut",), processes=("cut_up",)),
    Row(9, "answer cut or lost", ("f09_answers_cut_or_lost",), processes=("cut_down",)),
    Row(10, "black hole", processes=("swallow",), missing="the time-out is 60 s, the row asks for 30 s"),
    Row(11, "loss, slow line, latency", processes=("slow", "late"), missing="lost packets: the kernel has no netem"),
    Row(12, "duplicates", ("f12_duplicates",), (f"{PEER}::test_a_replayed_call_is_refused_and_audited",)),
    Row(
        13,
        "reordered and old batches",
        ("f13_batches_reordered",),
        (f"{RESTORES}::test_a_batch_held_back_since_before_the_restore_is_refused",),
    ),
    Row(
        14,
        "bit flips",
        ("f14_bits_flipped",),
        (f"{RECEIVING}::test_one_flipped_byte_anywhere_is_refused",),
        ("flip_up", "flip_down"),
    ),
    Row(
        15,
        "wrong, unknown, revoked, foreign keys",
        ("f15_keys_of_others",),
        (
            f"{RECEIVING}::test_a_revoked_key_is_refused",
            f"{RECEIVING}::test_a_signature_of_another_key_is_refused",
            f"{PEER}::test_a_call_that_is_not_exactly_right_is_refused_and_audited",
        ),
    ),
    Row(
        16,
        "a record of another owner",
        tests=(
            f"{RECEIVING}::test_a_record_of_another_owner_is_parked_with_an_alarm_and_the_rest_is_applied",
            f"{RECEIVING}::test_a_record_outside_the_sender_s_division_is_parked_with_reason_and_remedy",
        ),
    ),
    Row(
        17,
        "scope violation",
        ("f17_scope_is_kept",),
        (f"{RECEIVING}::test_a_record_that_must_not_come_this_far_is_discarded_unread",),
    ),
    Row(18, "clocks a day apart", ("f18_clocks_apart",), missing="the database's own clock stays right"),
    Row(19, "disk full at the receiver", missing="needs a file system of its own for one node's database"),
    Row(20, "a mark that cannot be written", ("f20_a_write_that_cannot_be_marked_fails",)),
    Row(21, "slow receiver", processes=("_stop_and_continue",)),
    Row(
        22,
        "parent down for a day",
        ("f22_parent_down_for_long",),
        missing="15 cities of 67,000 entries are a matter of the bench",
    ),
    Row(
        23,
        "child down beyond pruning",
        tests=(
            (
                f"{EXCHANGE}/test_pruning.py::"
                "test_a_batch_without_its_body_moves_the_cursor_and_asks_for_the_comparison_that_heals"
            ),
        ),
    ),
    Row(
        24,
        "other schema, unknown kind",
        tests=(
            f"{RECEIVING}::test_what_was_not_known_is_applied_by_itself_after_the_upgrade",
            f"{EXCHANGE}/test_versions.py::test_a_newer_version_is_parked_raw_for_the_upgrade",
        ),
    ),
    Row(
        25,
        "relayed unchanged",
        ("f25_relayed_unchanged",),
        (f"{FLOWS}::test_the_city_s_own_signature_arrives_at_the_nation",),
    ),
    Row(
        26,
        "poison records",
        ("f26_poison",),
        (f"{RECEIVING}::test_a_value_that_the_database_refuses_parks_one_record_and_not_the_batch",),
    ),
    Row(
        27,
        "poison that kills the process",
        tests=(
            (
                f"{EXCHANGE}/test_waiting.py::"
                "test_a_batch_that_ended_the_process_twice_is_set_aside_and_its_records_are_tried_alone"
            ),
        ),
    ),
    Row(
        28,
        "child before parent record",
        tests=(
            f"{EXCHANGE}/test_waiting.py::test_a_record_waits_for_its_parent_and_is_applied_when_that_arrives",
            f"{EXCHANGE}/test_waiting.py::test_a_record_of_a_newer_dictionary_waits_for_it",
        ),
    ),
    Row(29, "two senders, two sequencers", ("f29_two_senders_two_sequencers",)),
    Row(
        30,
        "owner restored and written to",
        ("f30_owner_restored_and_written_to",),
        (f"{RESTORES}::test_what_was_written_after_the_restore_is_kept_and_forks_are_listed_with_both_sides",),
        ("_restore",),
    ),
    Row(31, "receiver restored", ("f31_receiver_restored",), processes=("_restore",)),
    Row(32, "both restored, twice", ("f32_both_restored_twice",), processes=("_restore",)),
    Row(
        33,
        "restored during recovery",
        ("f33_restored_during_recovery",),
        (f"{RESTORES}::test_a_restore_during_the_recovery_begins_it_again",),
    ),
    Row(
        34,
        "business numbers after a restore",
        tests=(f"{RESTORES}::test_a_number_given_anew_after_a_restore_is_a_conflict_and_both_records_are_kept",),
    ),
    Row(35, "database emptied", ("f35_database_emptied",)),
    Row(36, "standby missed the last second", ("f36_standby_missed_the_last_second",)),
    Row(37, "numbers near 2^31 and 2^53", ("f37_large_numbers",)),
    Row(
        38,
        "deletes",
        ("f38_deletes",),
        (f"{EXCHANGE}/test_erasing.py::test_receivers_wipe_it_wherever_they_kept_it_and_confirm_it_in_their_receipt",),
    ),
    Row(
        39,
        "attachments",
        tests=(
            f"{EXCHANGE}/test_blobs.py::test_a_picture_comes_in_pieces_is_resumed_and_tied_to_its_record",
            f"{EXCHANGE}/test_blobs.py::test_another_content_is_refused_audited_and_begins_anew",
        ),
        missing="500 MB are not tried; a province does not relay them",
    ),
    Row(
        40,
        "zip bombs and floods",
        tests=(
            f"{PEER}::test_a_flood_of_calls_that_prove_nothing_does_not_fill_the_trail",
            "tests/sync/exchange/test_rules.py::test_a_body_that_unpacks_to_more_than_announced_is_refused",
        ),
        missing="slow senders and a gigabyte line are not tried",
    ),
    Row(41, "update around the service", ("f41_update_around_the_service",)),
    Row(42, "silent corruption", ("f42_silent_corruption",)),
    Row(43, "share policy changed", missing="what travels is fixed per dataset"),
    Row(
        44,
        "key rotation",
        tests=(
            f"{EXCHANGE}/test_keys.py::test_a_rotation_in_mid_stream_refuses_no_good_batch",
            f"{EXCHANGE}/test_keys.py::test_a_revoked_key_freezes_its_link_at_once_and_the_word_travels",
        ),
    ),
    Row(45, "migration during traffic", missing="not tried"),
    Row(46, "backup under load", processes=("_backup", "_restore")),
    Row(47, "soak", processes=("episode",), missing="24 hours were not run"),
)
