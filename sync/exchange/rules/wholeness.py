"""Whether a body is the one that its producer signed, also where stubs stand for lines that were erased on its way."""

from collections.abc import Iterable, Sequence

from sync.exchange.rules import chain as chains
from sync.exchange.rules import envelope
from sync.exchange.rules.crypto import digest_hex
from sync.exchange.rules.envelope import Envelope, Header, Section
from sync.exchange.rules.refusals import PeerRefused


def raw_of(sealed: Envelope, header: Header) -> bytes:
    """The raw body: the one that was signed, or one in which stubs stand for what was erased on its way.

    Which of its lines are the signed ones, the chain tells. Raises PeerRefused SIGNATURE for anything else.
    """
    if digest_hex(header.suite, sealed.body) == header.body_sha:
        return envelope.decompress(sealed.body, header.raw_size)
    try:
        raw = envelope.decompress(sealed.body)
        if raw[:1] == chains.STUB or b"\n" + chains.STUB in raw:
            cut = envelope.sections_of(raw, header)
            refuse_broken_chain(header, ((one, chains.split_lines(lines), blocks) for one, lines, blocks in cut))
            return raw
    except (PeerRefused, ValueError):
        pass
    raise PeerRefused("SIGNATURE", "The body is not the one that was signed.")


def refuse_broken_chain(header: Header, sections: Iterable[tuple[Section, Sequence[bytes], Sequence[bytes]]]) -> None:
    """Whether the records lead from chain to chain as the header says. Raises PeerRefused MALFORMED or CHAIN."""
    chain = bytes.fromhex(header.base_chain)
    for section, lines, blocks in sections:
        if len(lines) != section.count:
            raise PeerRefused("MALFORMED", f"{section.dataset}: {len(lines)} lines, announced {section.count}.")
        try:
            chain = chains.over_lines(chain, lines, header.suite)
            for block in blocks:
                chain = chains.over_block(chain, block, header.suite)
        except ValueError as error:
            raise PeerRefused("MALFORMED", f"{section.dataset}: {error}") from error
    if chain.hex() != header.to_chain:
        raise PeerRefused("CHAIN", "The hash chain over the records does not end where the header says.")
