"""The signature of one call between two peers: on-line only, single use.

The signed text is fixed lines. Nonce and incarnation come from the receiver; the time is information, never a reason
to refuse (no correctness decision uses a clock).
"""

from dataclasses import dataclass

from sync.exchange.rules.crypto import sha256_hex

HEADER_PREFIX = "CityOps-"
NO_NONCE = "-"
"""Stands in the place of nonce and incarnation in a hello, which changes nothing."""


@dataclass(frozen=True)
class Call:
    """What a signed call says of itself."""

    method: str
    path: str
    sender: str
    receiver: str
    kid: str
    nonce: str
    incarnation: str
    time: str

    def text(self, body: bytes) -> bytes:
        """The lines that are signed."""
        lines = (
            "CSP1-HOP",
            self.method,
            self.path,
            self.sender,
            self.receiver,
            self.kid,
            self.nonce,
            self.incarnation,
            self.time,
            sha256_hex(body),
        )
        return "\n".join(lines).encode()

    def headers(self, signature: bytes) -> dict[str, str]:
        """The same as HTTP headers."""
        return {
            "CityOps-Node": self.sender,
            "CityOps-To": self.receiver,
            "CityOps-Key": self.kid,
            "CityOps-Nonce": self.nonce,
            "CityOps-Incarnation": self.incarnation,
            "CityOps-Time": self.time,
            "CityOps-Signature": signature.hex(),
        }


def answer_text(call_signature: str, status: int, body: bytes) -> bytes:
    """What the answering side signs: bound to the very call it answers."""
    return "\n".join(("CSP1-ANSWER", call_signature, str(status), sha256_hex(body))).encode()
