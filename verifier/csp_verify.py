#!/usr/bin/env python3
"""Check an export of the exchange (CSP/1) with none of the platform's code: ``csp_verify.py FOLDER|ZIP [--trust KID]``.

Needs Python 3.11 and the package ``cryptography``; for keys of suite ``gm`` also ``tongsuopy``. With a zstd package the
hash chain is also counted anew over every record. Says what is proven, or names the first thing that is wrong.
"""

import hashlib
import io
import json
import sys
import zipfile
from itertools import accumulate
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

try:
    import zstandard
except ImportError:
    zstandard = None


class Wrong(Exception):
    """What is wrong, and where."""


def digest(suite: str, data: bytes) -> bytes:
    """The hash of a suite."""
    if suite == "intl":
        return hashlib.sha256(data).digest()
    sm3 = hashes.Hash(hashes.SM3())
    sm3.update(data)
    return sm3.finalize()


def check_signature(where: str, keys: dict, signer: tuple[str, str], text: bytes, signature: bytes) -> None:
    """The signature is of this text, under this key (its id, and whose it must be)."""
    key = keys.get(signer[0])
    if key is None or key["node_code"] != signer[1] or key["state"] == "revoked":
        raise Wrong(f"{where}: {signer[0]} is no good key of {signer[1]}")
    public = bytes.fromhex(key["public_key"])
    try:
        if key["suite"] == "intl":
            return Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
        from tongsuopy.crypto import hashes as gm
        from tongsuopy.crypto.asymciphers import ec

        ec.EllipticCurvePublicKey.from_encoded_point(ec.SM2(), public).verify(signature, text, ec.ECDSA(gm.SM3()))
    except ImportError:
        raise
    except Exception as error:  # of another text, or no signature at all
        raise Wrong(f"{where}: the signature under {signer[0]} does not fit") from error


def check_file(entry: dict, data: bytes) -> None:
    """The file has the bytes that were signed; else says which byte is not."""
    name, size = entry["name"], len(data)
    if size != entry["size"]:
        raise Wrong(f"{name}: {size} bytes instead of {entry['size']}")
    if hashlib.sha256(data).hexdigest() == entry["sha"]:
        return
    more = sum(data) - int(entry["sum"])
    heavier = (size + 1) * sum(data) - sum(accumulate(data)) - int(entry["weighted"])
    at = heavier // more - 1 if more else -1  # where it is, if it is a single byte
    if 0 <= at < size and 0 <= data[at] - more <= 255:
        right = data[:at] + bytes([data[at] - more]) + data[at + 1 :]
        if hashlib.sha256(right).hexdigest() == entry["sha"]:
            raise Wrong(f"{name}: byte {at} is {data[at]:#04x} instead of {right[at]:#04x}")
    raise Wrong(f"{name}: more than one byte is not as it was signed")


def check_batch(name: str, data: bytes, keys: dict) -> dict:
    """A batch is whole and signed by its producer, and its records lead from chain to chain. Returns its header."""
    start = 10 + int.from_bytes(data[4:8])
    end = start + int.from_bytes(data[8:10])
    text, body = data[10:start], data[end:]
    head = json.loads(text)
    check_signature(name, keys, (head["kid"], head["producer"]), b"CSP1-BATCH\n" + text, data[start:end])
    suite = head["suite"]
    is_whole = digest(suite, body).hex() == head["body_sha"]
    if data[:4] != b"CSP1" or (zstandard is None and not is_whole):
        raise Wrong(f"{name}: the body is not the one that was signed")
    if zstandard is not None:
        check_chain(name, head, body, is_whole)
    return head


def leaf(suite: str, line: bytes) -> bytes:
    """The hash of a line (here without its line feed), or the one in the stub of a line that was erased."""
    if line[:1] != b"#":
        return digest(suite, line + b"\n")
    found = bytes.fromhex(line[1:65].decode("ascii"))
    if len(found) != 32:
        raise ValueError("a stub without the hash of its line")
    return found


def check_chain(name: str, head: dict, body: bytes, is_whole: bool) -> None:
    """The records lead from chain to chain; a body that is not the signed one may have stubs for what was erased."""
    suite, raw = head["suite"], b""
    try:
        raw = zstandard.ZstdDecompressor().decompress(body)
    except zstandard.ZstdError as error:
        raise Wrong(f"{name}: the body is not the one that was signed") from error
    *lines, rest = raw.split(b"\n")
    head["erased"] = sum(line[:1] == b"#" for line in lines)
    if not (is_whole or head["erased"]):
        raise Wrong(f"{name}: the body is not the one that was signed")
    chain, at, number = bytes.fromhex(head["base_chain"]), 0, int(head["base_seq"])
    for section in head["sections"]:
        for line in lines[at : at + section["count"]]:
            chain, number = digest(suite, b"C1" + chain + leaf(suite, line)), number + 1
        at += section["count"]
        for block in section.get("children", []):
            rows = b"".join(leaf(suite, row) for row in lines[at : at + block["count"]])
            chain, at = digest(suite, b"K1" + chain + digest(suite, rows)), at + block["count"]
    if (at, rest, number, chain.hex()) != (len(lines), b"", int(head["base_seq"]) + head["count"], head["to_chain"]):
        raise Wrong(f"{name}: the chain over the records does not end where the header says")


def stream_of(facts: dict) -> tuple[str, ...]:
    """What names a stream and its epoch."""
    return tuple(str(facts.get(word, "")) for word in ("producer", "flow", "scope", "lane", "audience", "epoch_id"))


def verify(files: dict[str, bytes], trusted: list[str] | None = None) -> list[str]:
    """Check an export, given as name → bytes. Returns sentences that are proven. Raises Wrong."""
    try:
        manifest = json.loads(files["manifest.json"])
        keys = check_manifest(manifest, files, trusted or [])
        for entry in manifest["files"]:
            check_file(entry, files[entry["name"]])
        return check_history(manifest, files, keys, trusted or [])
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise Wrong(f"manifest.json: cannot be read: {error!r}") from error


def check_manifest(manifest: dict, files: dict[str, bytes], trusted: list[str]) -> dict:
    """The manifest is signed and names exactly the files that are there. Returns its keys."""
    keys = {key["kid"]: key for key in manifest["keys"]}
    for kid, key in keys.items():
        if hashlib.sha256(key["public_key"].encode()).hexdigest()[:32] != kid:
            raise Wrong(f"manifest.json: {kid} is not the name of its key")
    signer, text = (manifest["kid"], manifest["sender"]), b"CSP1-BUNDLE\n" + files["manifest.json"]
    check_signature("manifest.json", keys, signer, text, files["manifest.sig"])
    if trusted and manifest["kid"] not in trusted:
        raise Wrong(f"manifest.json: signed under {manifest['kid']}, which is not trusted")
    named = {entry["name"] for entry in manifest["files"]} | {"manifest.json", "manifest.sig"}
    for name in sorted(set(files) ^ named):
        raise Wrong(f"{name}: {'not in the manifest' if name in files else 'missing'}")
    return keys


def check_history(manifest: dict, files: dict[str, bytes], keys: dict, trusted: list[str]) -> list[str]:
    """Each batch follows the one before it in its stream, and each receipt speaks of this history."""
    heads, ends, batches, receipts, records, erased = {}, {}, 0, 0, 0, 0
    names = [entry["name"] for entry in manifest["files"]]
    for name in (name for name in names if name.endswith(".csp1")):
        head = check_batch(name, files[name], keys)
        stream, batches, records = stream_of(head), batches + 1, records + head["count"]
        erased += head.get("erased", 0)
        if heads.get(stream, (head["base_seq"], head["base_chain"])) != (head["base_seq"], head["base_chain"]):
            raise Wrong(f"{name}: does not follow the batch before it, which ends at {heads[stream][0]}")
        heads[stream] = str(int(head["base_seq"]) + head["count"]), head["to_chain"]
        ends[(*stream, heads[stream][0])] = head["to_chain"]
    for name in (name for name in names if name.startswith("receipts/") and name.endswith(".json")):
        said, receipts = json.loads(files[name]), receipts + 1
        text, signature = b"CSP1-RECEIPT\n" + files[name], files[name.replace(".json", ".sig")]
        check_signature(name, keys, (said["kid"], said["receiver"]), text, signature)
        if ends.get((*stream_of(said), said["seq"]), said["chain"]) != said["chain"]:
            raise Wrong(f"{name}: another history led to {said['seq']} at {said['receiver']}")
    note = "" if trusted else " (compare it with the node: --trust was not given)"
    return [
        f"{manifest['protocol']} {manifest['number']} of {manifest['sender']} for {manifest['receiver']}",
        f"made {manifest['made_at']}, signed under {manifest['kid']}{note}",
        "the chain was counted over every record"
        if zstandard
        else "no zstandard here: bodies are checked by hash only",
        f"{batches} batches with {records} records and {receipts} receipts hold",
        *([f"{erased} lines were erased; their hashes stand in the chain"] if erased else []),
    ]


def load(path: Path) -> dict[str, bytes]:
    """The files of a folder, or of a zip, whose own bytes must be those that its files make."""
    if path.is_dir():
        return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}
    data, again = path.read_bytes(), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(again, "w") as copy:
        files = {entry.filename: archive.read(entry) for entry in archive.infolist()}
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.create_system, entry.external_attr = 3, 0o600 << 16
            copy.writestr(entry, content)
    made = again.getvalue()
    if made != data:
        at = next((at for at, byte in enumerate(data) if made[at : at + 1] != bytes([byte])), len(data))
        raise Wrong(f"{path.name}: byte {at} of the zip is not as it was made")
    return files


if __name__ == "__main__":
    given = [word for word in sys.argv[1:] if word != "--trust"]
    try:
        print("\n".join(verify(load(Path(given[0])), given[1:])))
    except (Wrong, zipfile.BadZipFile, OSError, IndexError) as wrong:
        sys.exit(f"WRONG: {wrong}")
