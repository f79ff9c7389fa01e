"""The form of a bundle: a zip of sealed batches, receipts and a manifest, signed as a whole by who made it.

The zip is stored without compression and without dates, so that the same content is the same bytes. The manifest names
every file with its SHA-256 and two sums, by which a verifier finds the one byte that was changed.
"""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from itertools import accumulate
from typing import Annotated, Any

import msgspec

from sync.exchange.rules.calls import Code, Digits, Hash, Moment, OfferedKey, Word
from sync.exchange.rules.refusals import PeerRefused

PROTOCOL = "CSP/1-BUNDLE"
EVIDENCE = "CSP/1-EVIDENCE"
"""Protocol of an export that is only to be verified; no node takes it."""
SIGNED_BUNDLE = b"CSP1-BUNDLE\n"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
MOST_BYTES = 512 * 1024 * 1024
"""Of all files of a bundle together."""
MOST_FILES = 40_000
MOST_MANIFEST = 32 * 1024 * 1024
EPOCH = (1980, 1, 1, 0, 0, 0)
Sum = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,40}\Z")]


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a bundle; ``sum`` adds its bytes, ``weighted`` each times its place, counted from 1."""

    name: Annotated[str, msgspec.Meta(max_length=200, pattern=r"^(batches|receipts)/[0-9A-Za-z._-]+\Z")]
    size: Annotated[int, msgspec.Meta(ge=0, le=MOST_BYTES)]
    sha: Hash
    sum: Sum
    weighted: Sum


class Place(msgspec.Struct, frozen=True):
    """Where who made the bundle stands in a stream of who gets it."""

    producer: Code
    flow: Word
    scope: Word
    lane: Word
    epoch_id: str
    seq: Digits
    chain: Hash
    audience: str = ""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a bundle is and holds."""

    protocol: str
    sender: Code
    receiver: Code
    number: Annotated[int, msgspec.Meta(ge=1, le=2**62)]
    made_at: Moment
    suite: Word
    kid: Annotated[str, msgspec.Meta(max_length=32)]
    keys: Annotated[list[OfferedKey], msgspec.Meta(max_length=20_000)]
    have: Annotated[list[Place], msgspec.Meta(max_length=20_000)]
    files: Annotated[list[File], msgspec.Meta(max_length=MOST_FILES)]


def described(name: str, data: bytes) -> File:
    """A file as the manifest names it."""
    total = sum(data)
    weighted = (len(data) + 1) * total - sum(accumulate(data))
    return File(name, len(data), hashlib.sha256(data).hexdigest(), str(total), str(weighted))


def pack(files: Mapping[str, bytes]) -> bytes:
    """Files as the bytes of a bundle: the same files in the same order are the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system, entry.external_attr = 3, 0o600 << 16
            archive.writestr(entry, data)
    return target.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """The files of a bundle. Raises PeerRefused MALFORMED for what is none, TOO_LARGE for more than is taken."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_FILES + 2 or sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise PeerRefused("TOO_LARGE", f"A bundle has at most {MOST_FILES} files and {MOST_BYTES} bytes.")
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
                raise PeerRefused("MALFORMED", "The files of a bundle are stored, not compressed.")
            found = {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, EOFError) as error:
        raise PeerRefused("MALFORMED", f"Not a bundle: {error}") from error
    if len(found) != len(entries):
        raise PeerRefused("MALFORMED", "A file stands in the bundle twice.")
    return found


def read_manifest(files: Mapping[str, bytes]) -> Manifest:
    """What a bundle says of itself; nothing is proven yet. Raises PeerRefused."""
    text = files.get(MANIFEST, b"")
    if SIGNATURE not in files or not text or len(text) > MOST_MANIFEST:
        raise PeerRefused("MALFORMED", "The bundle has no manifest with its signature.")
    try:
        manifest = msgspec.json.decode(text, type=Manifest)
    except msgspec.MsgspecError as error:
        raise PeerRefused("MALFORMED", f"Manifest of the bundle: {error}") from error
    if manifest.protocol != PROTOCOL:
        raise PeerRefused("PROTOCOL", f"{manifest.protocol} is not {PROTOCOL}.")
    return manifest


def check_files(manifest: Manifest, files: Mapping[str, bytes]) -> None:
    """Whether the files are those that the manifest names, byte for byte. Raises PeerRefused."""
    named = {file.name: file for file in manifest.files}
    if len(named) != len(manifest.files) or set(files) != set(named) | {MANIFEST, SIGNATURE}:
        raise PeerRefused("MALFORMED", "The bundle holds other files than its manifest names.")
    for name, file in named.items():
        if len(files[name]) != file.size or hashlib.sha256(files[name]).hexdigest() != file.sha:
            raise PeerRefused("SIGNATURE", f"{name} is not the file that was signed.")


def batch_name(number: int, header: Any) -> str:
    """The name of a batch's file: order, producer, stream and first number, for people who look into a bundle."""
    stream = f"{header.producer}.{header.flow}.{header.scope}.{header.lane}"
    return f"batches/{number:06d}.{stream}.{header.from_seq}.csp1"


def receipt_name(number: int) -> str:
    """The name of a receipt's text without its end: ``.json`` for the text, ``.sig`` for the signature."""
    return f"receipts/{number:06d}"
