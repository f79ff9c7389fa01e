"""The suite ``gm`` 国密: signatures by SM2 with SM3 (GB/T 32918, GB/T 32905), the signer's id 1234567812345678.

OpenSSL checks such a signature with ``-sigopt distid:1234567812345678``; without it, it fails. The library is loaded
where it is first needed: a node of suite ``intl`` never pays for it.
"""

import hashlib
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from cryptography.hazmat.primitives import hashes

SIGNER_ID = "1234567812345678"
"""Id of every signer, as GM/T 0009 gives it by default; it is part of what is hashed."""


@lru_cache(maxsize=1)
def _sm() -> SimpleNamespace:
    from tongsuopy.crypto import exceptions, serialization  # noqa: PLC0415
    from tongsuopy.crypto import hashes as digests  # noqa: PLC0415
    from tongsuopy.crypto.asymciphers import ec  # noqa: PLC0415

    return SimpleNamespace(
        ec=ec,
        serialization=serialization,
        SM3=digests.SM3,
        unsupported=exceptions.UnsupportedAlgorithm,
        # what is no DER at all, or no point of the curve, is an error of the library
        refusals=(exceptions.InvalidSignature, exceptions.InternalError, ValueError),
    )


def _sm3_by_cryptography(data: bytes) -> bytes:
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def _sm3_by_hashlib(data: bytes) -> bytes:
    return hashlib.new("sm3", data).digest()


sm3 = _sm3_by_hashlib if "sm3" in hashlib.algorithms_available else _sm3_by_cryptography
"""SM3 of some bytes, 32 bytes; by Python's own library where its OpenSSL has it, which is faster on short lines."""


class Gm:
    """SM2 with SM3."""

    name = "gm"

    def generate(self) -> tuple[bytes, str]:
        """A new key pair: the private key as PEM (PKCS #8), the public key as 130 hex digits (the point, with 04)."""
        sm = _sm()
        form = sm.serialization
        key = sm.ec.generate_private_key(sm.ec.SM2())
        pem = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
        return pem, self.public_of(pem)

    def public_of(self, private_pem: bytes) -> str:
        """The public key of a private one."""
        form = _sm().serialization
        point = _private(private_pem).public_key()
        return str(point.public_bytes(form.Encoding.X962, form.PublicFormat.UncompressedPoint).hex())

    def sign(self, private_pem: bytes, message: bytes) -> bytes:
        """Signature of a message, as DER, at most 72 bytes."""
        sm = _sm()
        return bytes(_private(private_pem).sign(message, sm.ec.ECDSA(sm.SM3())))

    def verify(self, public: str, message: bytes, signature: bytes) -> bool:
        """Whether the signature is of this message under this key."""
        sm = _sm()
        try:
            key = sm.ec.EllipticCurvePublicKey.from_encoded_point(sm.ec.SM2(), bytes.fromhex(public))
            key.verify(signature, message, sm.ec.ECDSA(sm.SM3()))
        except sm.refusals:
            return False
        return True

    def digest(self, data: bytes) -> bytes:
        """SM3."""
        return sm3(data)


@lru_cache(maxsize=8)
def _private(pem: bytes) -> Any:
    sm = _sm()
    try:
        return sm.serialization.load_pem_private_key(pem, None)
    except sm.unsupported as error:
        raise ValueError("The key file holds a key of another suite.") from error
