"""I13: whether anything of a person reached an upper node: its database, logs and files are looked through."""

import re
from collections.abc import Iterable
from pathlib import Path

from tests.chaos.nodes import Node

MOBILE = re.compile(rb"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")
IDENTITY = re.compile(
    rb"(?<![0-9])[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9][0-9]{3}[0-9Xx](?![0-9A-Za-z])"
)


def hits(node: Node, words: Iterable[str], folders: Iterable[Path] = ()) -> list[str]:
    """Where a seeded word stands at a node, its batches unpacked."""
    sought = [word.encode() for word in words]
    found = []
    for name, data in (*_tables(node), *_bodies(node), *_files(folders)):
        found += [f"{name}: {word.decode()}" for word in sought if word in data]
    return found


def numbers(node: Node, tables: Iterable[str]) -> list[str]:
    """Where anything that looks like a mobile or an identity number stands in some tables of a node."""
    wanted = set(tables)
    return [
        f"{name}: {match.decode()}"
        for name, data in _tables(node)
        if name in wanted
        for pattern in (MOBILE, IDENTITY)
        for match in pattern.findall(data)
    ]


def _tables(node: Node) -> Iterable[tuple[str, bytes]]:
    names = node.rows(
        "SELECT quote_ident(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname NOT IN ('spatial_ref_sys') ORDER BY 1"
    )
    for (name,) in names:
        with node.raw.cursor() as cursor, cursor.copy(f"COPY {name} TO STDOUT") as copy:
            yield name, b"".join(bytes(line) for line in copy)


def _bodies(node: Node) -> Iterable[tuple[str, bytes]]:
    """The bodies of batches, which are compressed."""
    import zstandard

    for number, body in node.rows("SELECT batch_id, body FROM sync_batch_body"):
        yield f"batch {number}", zstandard.ZstdDecompressor().decompress(bytes(body), max_output_size=64 * 1024 * 1024)


def _files(folders: Iterable[Path]) -> Iterable[tuple[str, bytes]]:
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield str(path), path.read_bytes()
