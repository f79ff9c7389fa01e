"""Cipher suites behind one interface; ``intl`` is Ed25519 with SHA-256, ``gm`` is SM2 with SM3.

A suite signs and verifies bytes and names keys; where a private key lies is the matter of ``services.keys``.
"""

import hashlib
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync.exchange.rules.gm import Gm


class Suite(Protocol):
    """What the exchange needs of a cipher suite."""

    name: str

    def generate(self) -> tuple[bytes, str]:
        """A new key pair: the private key as PEM, the public key as text."""

    def public_of(self, private_pem: bytes) -> str:
        """The public key of a private one. Raises ValueError for a key of another suite."""

    def sign(self, private_pem: bytes, message: bytes) -> bytes:
        """Signature of a message."""

    def verify(self, public: str, message: bytes, signature: bytes) -> bool:
        """Whether the signature is of this message under this key."""

    def digest(self, data: bytes) -> bytes:
        """The suite's hash of some bytes, 32 bytes."""


class Intl:
    """Ed25519 (RFC 8032) with SHA-256."""

    name = "intl"

    def generate(self) -> tuple[bytes, str]:
        """A new key pair: the private key as PEM (PKCS #8), the public key as 64 hex digits."""
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return pem, self.public_of(pem)

    def public_of(self, private_pem: bytes) -> str:
        """The public key of a private one."""
        return self._private(private_pem).public_key().public_bytes_raw().hex()

    def sign(self, private_pem: bytes, message: bytes) -> bytes:
        """Signature of a message, 64 bytes."""
        return self._private(private_pem).sign(message)

    def verify(self, public: str, message: bytes, signature: bytes) -> bool:
        """Whether the signature is of this message under this key."""
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def digest(self, data: bytes) -> bytes:
        """SHA-256."""
        return hashlib.sha256(data).digest()

    def _private(self, pem: bytes) -> Ed25519PrivateKey:
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except UnsupportedAlgorithm as error:
            raise ValueError("The key file holds a key of another suite.") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("The key file holds no Ed25519 key.")
        return key


SUITES: dict[str, Suite] = {"intl": Intl(), "gm": Gm()}
"""The suites of this version, by the name that stands in headers and keys."""


def suite(name: str) -> Suite:
    """A suite by name. Raises KeyError for one that this version does not know."""
    return SUITES[name]


def key_id(public: str) -> str:
    """The name of a key: the first 32 hex digits of SHA-256 over the public key's text."""
    return hashlib.sha256(public.encode()).hexdigest()[:32]


def digest_hex(name: str, data: bytes) -> str:
    """The hash of some bytes in a suite, as 64 hex digits. Raises KeyError for a suite that is not known."""
    return SUITES[name].digest(data).hex()


def sha256_hex(data: bytes) -> str:
    """SHA-256 as 64 hex digits."""
    return hashlib.sha256(data).hexdigest()
