"""Encryption of single columns: AES-256-GCM with the key's name in the ciphertext, and a keyed index for equality.

A cipher text is bound to where it stands (``place``): moved to another row or column it does not open. Other suites
(SM4-GCM, HMAC-SM3, a hardware module) come in as another ``FieldCipher`` with another version byte.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = b"\x01"
"""AES-256-GCM, key name of 8 letters, nonce of 12 bytes."""
KEY_BYTES = 32
NAME_LETTERS = 8
_NONCE = 12


class CannotOpen(ValueError):
    """A cipher text does not open: its key is not here, or it was changed or moved."""


@dataclass(frozen=True)
class FieldCipher:
    """Closes under the newest key, opens under any. ``keys`` maps the name of a key to its 32 bytes."""

    keys: Mapping[str, bytes]
    index_key: bytes

    @property
    def newest(self) -> str:
        """The name of the key that closes: names sort by the time of their making."""
        return max(self.keys)

    def close(self, text: str, place: str) -> bytes:
        """Encrypt a text for its place; an empty text stays empty."""
        if not text:
            return b""
        name, nonce = self.newest, os.urandom(_NONCE)
        body = AESGCM(self.keys[name]).encrypt(nonce, text.encode(), place.encode())
        return VERSION + name.encode() + nonce + body

    def open(self, closed: bytes, place: str) -> str:
        """The text. Raises CannotOpen."""
        if not closed:
            return ""
        name = self.key_of(closed)
        if name not in self.keys:
            raise CannotOpen(f"The key {name} is not here.")
        start = 1 + NAME_LETTERS
        nonce, body = closed[start : start + _NONCE], closed[start + _NONCE :]
        try:
            return AESGCM(self.keys[name]).decrypt(nonce, body, place.encode()).decode()
        except (InvalidTag, ValueError) as fault:
            raise CannotOpen("The cipher text was changed, or belongs to another place.") from fault

    def key_of(self, closed: bytes) -> str:
        """The name of the key that a cipher text was closed under. Raises CannotOpen."""
        if closed[:1] != VERSION or len(closed) < 1 + NAME_LETTERS + _NONCE:
            raise CannotOpen("This is no cipher text of this version.")
        return closed[1 : 1 + NAME_LETTERS].decode("ascii", "replace")

    def index(self, text: str) -> bytes | None:
        """HMAC-SHA-256 of a text, to find equal ones without opening any; None for an empty one."""
        return hmac.new(self.index_key, text.encode(), hashlib.sha256).digest() if text else None
