"""Over real HTTP: what a city's own key signed but is not exactly right is refused, audited, and leaves nothing."""

import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from sync.exchange.rules import chain as chains
from sync.exchange.rules import envelope
from sync.exchange.rules.crypto import suite
from sync.exchange.rules.hop import NO_NONCE, Call
from tests.launcher import Instance

pytestmark = pytest.mark.flow
STORED = ("sync_batch", "sync_batch_body", "sync_inbox", "sync_parked", "sync_receipt", "sync_record", "grid_component")
NEW = """
INSERT INTO grid_component (rid, origin_code, obj_id, obj_name, dept_code1, dept_name1, dept_code2, dept_name2,
    dept_code3, dept_name3, grid_code, division_code, state, init_date, data_source, note, street_code,
    street_name, community_name, class_code, std_ref, geom, precision_class, extra, source_crs)
SELECT gen_random_uuid(), %s, '33010200101' || to_char(g, 'FM900000'), '窨井盖', '001', '城管局', '', '', '', '',
    '330102001001001', '330102001001', '01', DATE '2026-01-01', '01', '', '330102001', '', '', '00101',
    'GB/T 47678.5-2026', ST_SetSRID(ST_MakePoint(120.1 + g * 1e-6, 30.2), 4490), '', '{}', ''
FROM generate_series(1, 3) g
"""


@dataclass
class Sender:
    """A city that has sealed a batch and not sent it, with its key."""

    city: Instance
    province: Instance
    sealed: envelope.Envelope
    private: bytes

    @property
    def header(self) -> envelope.Header:
        return self.sealed.read()

    def signed(self, *, body: bytes | None = None, **fields: object) -> envelope.Envelope:
        """The batch with other header fields, under the city's own signature."""
        text = msgspec.json.encode(msgspec.structs.replace(self.header, **fields))
        signature = suite("intl").sign(self.private, envelope.SIGNED_BATCH + text)
        return envelope.Envelope(text, signature, self.sealed.body if body is None else body)

    def call(self, name: str, body: bytes, nonce: str = NO_NONCE, incarnation: str = NO_NONCE) -> tuple[int, dict]:
        """One signed call to the province, on a connection of its own."""
        path, to = f"/sync/v1/{name}", self.province.node
        call = Call("POST", path, self.city.node, to, self.header.kid, nonce, incarnation, "2026-11-24T00:00:00+00:00")
        connection = http.client.HTTPConnection("127.0.0.1", self.province.port, timeout=60)
        try:
            connection.request("POST", path, body, call.headers(suite("intl").sign(self.private, call.text(body))))
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def push(self, sealed: envelope.Envelope) -> tuple[int, dict]:
        """Say hello, then hand over a batch."""
        _status, hello = self.call("hello", b"{}")
        return self.call("push", sealed.pack(), hello["nonce"], hello["incarnation"])


def wrong_signature(sender: Sender) -> envelope.Envelope:
    broken = bytes([sender.sealed.signature[0] ^ 1]) + sender.sealed.signature[1:]
    return envelope.Envelope(sender.sealed.header, broken, sender.sealed.body)


def other_body(sender: Sender) -> envelope.Envelope:
    return sender.signed(body=sender.sealed.body[:-1] + bytes([sender.sealed.body[-1] ^ 1]))


def other_history(sender: Sender) -> envelope.Envelope:
    return sender.signed(base_chain="ab" * 32, to_chain=_end_of_chain(sender, base="ab" * 32))


def chain_that_ends_elsewhere(sender: Sender) -> envelope.Envelope:
    return sender.signed(to_chain="ab" * 32)


def of_another_city(sender: Sender) -> envelope.Envelope:
    return sender.signed(producer="330200000000-C")


def _end_of_chain(sender: Sender, *, base: str = "", raw: bytes = b"") -> str:
    raw = raw or envelope.decompress(sender.sealed.body, sender.header.raw_size)
    return chains.over_lines(bytes.fromhex(base or sender.header.base_chain), chains.split_lines(raw)).hex()


@pytest.fixture(scope="module")
def sender(joined):
    """The city numbers three records; at the end it sends them as it should, and both ends are equal."""
    nation, province, city = joined
    for instance in (nation, province, city, province):
        instance.manage("sync_run")
    with city.connect() as connection:
        connection.execute(NEW, [city.node])
    city.manage("shell", "-c", "from sync.exchange.services.sequencing import sequence; assert sequence()")
    with city.connect() as connection:
        header, signature, body = connection.execute(
            "SELECT header, signature, body FROM sync_batch b JOIN sync_batch_body t ON t.batch_id = b.id "
            "ORDER BY b.id DESC LIMIT 1"
        ).fetchone()
    sealed = envelope.Envelope(bytes(header), bytes(signature), bytes(body))
    (pem,) = Path(city.folder, "keys").glob(f"{city.node}.*.pem")
    return Sender(city, province, sealed, pem.read_bytes())


def state(province: Instance) -> dict[str, object]:
    """Everything that a batch would change."""
    with province.connect() as connection:
        counts = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone() for table in STORED}
        streams = connection.execute(
            "SELECT producer_code, lane, seq, encode(chain, 'hex') FROM sync_stream ORDER BY 1, 2"
        ).fetchall()
    return {**counts, "streams": streams}


def refusals(province: Instance) -> list[str]:
    """Codes in the audit trail, the oldest first."""
    query = "SELECT after->>'code' FROM foundation_auditevent WHERE action = 'exchange.refuse' AND NOT succeeded "
    with province.connect() as connection:
        return [code for (code,) in connection.execute(query + "ORDER BY id").fetchall()]


@pytest.mark.parametrize(
    ("make", "status", "code"),
    [
        (wrong_signature, 403, "SIGNATURE"),
        (other_body, 403, "SIGNATURE"),
        (other_history, 409, "CHAIN"),
        (chain_that_ends_elsewhere, 409, "CHAIN"),
        (of_another_city, 403, "SCOPE"),
    ],
)
def test_a_batch_that_is_not_exactly_right_is_refused_audited_and_leaves_nothing(
    sender: Sender, make: Callable[[Sender], envelope.Envelope], status: int, code: str
):
    before, known = state(sender.province), refusals(sender.province)
    found, answer = sender.push(make(sender))
    assert (found, answer["code"]) == (status, code)
    assert answer["detail"]
    assert refusals(sender.province) == [*known, code]
    assert state(sender.province) == before


def test_the_batch_as_it_was_sealed_is_taken_once(sender: Sender):
    status, answer = sender.push(sender.sealed)
    assert (status, json.loads(answer["receipt"])["applied"]) == (200, 3)
    status, answer = sender.push(sender.sealed)
    assert (status, answer["code"]) == (409, "CURSOR")
