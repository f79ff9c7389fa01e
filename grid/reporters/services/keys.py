"""The keys of encrypted columns: 0600 files beside the signing keys, made on first use, outside the database."""

import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from grid.reporters.rules.cipher import KEY_BYTES, FieldCipher

OTHERS: list[Callable[[], set[str]]] = []
"""Of apps above that keep encrypted columns, too: closes theirs under the newest key, returns the keys still in use."""


def cipher() -> FieldCipher:
    """The cipher with all keys that are here; the first call of an installation makes them."""
    folder = _folder()
    if not _keys_in(folder):
        make_key()
    index = folder / f"{settings.CITYOPS_NODE}.index.key"
    if not index.exists():
        _write(index, secrets.token_hex(KEY_BYTES))
    return _read(folder, settings.CITYOPS_NODE, folder.stat().st_mtime_ns)


def make_key() -> str:
    """A new key, which closes everything from now on; returns its name, which sorts by time."""
    known = [path.name.split(".")[-2] for path in _keys_in(_folder())]
    number = max(int(time.time()), *(int(name, 16) + 1 for name in known)) if known else int(time.time())
    name = f"{number:08x}"
    _write(_folder() / f"{settings.CITYOPS_NODE}.field.{name}.key", secrets.token_hex(KEY_BYTES))
    return name


def forget_key(name: str) -> None:
    """Remove a key that closes nothing any more; what is gone already is no fault."""
    (_folder() / f"{settings.CITYOPS_NODE}.field.{name}.key").unlink(missing_ok=True)


def _folder() -> Path:
    folder = Path(settings.CITYOPS_KEY_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _keys_in(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{settings.CITYOPS_NODE}.field.*.key"))


def _write(path: Path, text: str) -> None:
    """A key is there whole or not at all; who comes second takes the first one's."""
    waiting = path.with_suffix(f".{secrets.token_hex(4)}.part")
    handle = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(waiting, path)
    finally:
        waiting.unlink()


@lru_cache(maxsize=4)
def _read(folder: Path, node: str, _changed: int) -> FieldCipher:
    keys = {
        path.name.split(".")[-2]: bytes.fromhex(path.read_text()) for path in sorted(folder.glob(f"{node}.field.*.key"))
    }
    return FieldCipher(keys, bytes.fromhex((folder / f"{node}.index.key").read_text()))
