"""Return flow 数据回流: what is held here of a node, as its own people may fetch it back."""

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.gis.geos import GEOSGeometry
from django.db.models import Count

from cityops.accounts.models import User
from cityops.foundation.errors import NotThere
from cityops.foundation.records import RecordKind, local_node, registry
from sync.aggregation.selectors.overview import see_node
from sync.aggregation.selectors.sources import rising
from sync.exchange.models import Parked, RecordVersion

CHUNK = 2000


def held_of(user: User, owner: str) -> list[tuple[str, int, int]]:
    """Dataset, records and parked ones that are held here of a node. Raises NotThere."""
    see_node(user, owner)
    if owner == local_node():
        raise NotThere
    rows = RecordVersion.objects.filter(owner_code=owner, op="U").values("dataset").annotate(n=Count("rid"))
    held = {row["dataset"]: row["n"] for row in rows}
    waiting = Parked.objects.visible_to(user).waiting().filter(owner_code=owner)
    parked = {row["dataset"]: row["n"] for row in waiting.values("dataset").annotate(n=Count("id"))}
    return [(code, held.get(code, 0), parked.get(code, 0)) for code in rising() if code in held or code in parked]


def kind_of(user: User, owner: str, dataset: str) -> RecordKind:
    """The kind of a dataset of a node that the person may see. Raises NotThere."""
    see_node(user, owner)
    if owner == local_node() or dataset not in rising():
        raise NotThere
    return registry.get(dataset)


def returned(kind: RecordKind, owner: str) -> Iterator[dict[str, Any]]:
    """The records as they are applied here, in the order of their identifiers, each with its version; two statements
    for every CHUNK of them."""
    names = list(kind.fields.values())
    rows = kind.model._default_manager.filter(origin_code=owner).order_by("rid").values("rid", *names)
    chunk: list[dict[str, Any]] = []
    for row in rows.iterator(chunk_size=CHUNK):
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield from _with_versions(kind, chunk)
            chunk = []
    yield from _with_versions(kind, chunk)


def _with_versions(kind: RecordKind, chunk: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    versions = RecordVersion.objects.in_bulk([row["rid"] for row in chunk])
    for row in chunk:
        version = versions.get(row["rid"])
        told = {"rev": version.rev, "seq": version.seq, "applied_at": version.at} if version else {}
        fields = {name: row[column] for name, column in kind.fields.items()}
        yield {"rid": row["rid"], **told, **fields}


def lines(kind: RecordKind, owner: str) -> Iterator[str]:
    """The same as NDJSON: one record a line; 64-bit numbers as text."""
    for row in returned(kind, owner):
        yield json.dumps({name: plain(value) for name, value in row.items()}, ensure_ascii=False) + "\n"


def reader(name: str) -> Callable[[dict[str, Any]], Any]:
    """A function that reads a field of a record as a file shows it."""

    def read(row: dict[str, Any]) -> Any:
        value = plain(row.get(name))
        return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value

    return read


def plain(value: Any) -> Any:
    """A value as JSON: moments and days in ISO form, geometries as GeoJSON, numbers that JSON cannot hold as text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, GEOSGeometry):
        return json.loads(value.json)
    return value
