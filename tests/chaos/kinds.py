"""What runs write: a few record kinds of every direction, reach and lane, each with one visible word of ours in it."""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.gis.geos import Point

from cityops.accounts.models import Organisation
from cityops.foundation.records import ExchangedRecord
from grid.oversight.models import SupervisionAction, SupervisionTask
from grid.places.models import Place
from sync.standard.models import ClassEntry
from tests.chaos.nodes import CITY_A, CITY_B, NATION, PROVINCE

SPACE = uuid.UUID("2f1b6b38-0b7a-4e0e-9a52-8e2a3f1c7d10")
NOON = dt.datetime(2026, 1, 5, 4, 0, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Kind:
    """A record kind as runs use it."""

    name: str
    dataset: str
    model: type[ExchangedRecord]
    word: str
    """Column in which the word stands."""
    owners: tuple[str, ...]
    fields: Callable[[str, str, str], dict[str, Any]]
    """Fields of a record, from owner, key and word."""
    is_deleted: bool = True


def rid_of(kind: str, owner: str, key: str) -> uuid.UUID:
    """The identifier of a record, the same in every run. Never a name of a node."""
    return uuid.UUID(bytes=uuid.uuid5(SPACE, f"{kind}/{owner}/{key}").bytes, version=4)


def _number(owner: str, key: str) -> int:
    return int(rid_of("number", owner, key).int % 10**12)


def _organisation(owner: str, key: str, word: str) -> dict[str, Any]:
    return {
        "org_code": f"{_number(owner, key):018d}",
        "name": word,
        "org_type": "05",
        "division_code": owner[:12],
        "parent_code": "",
    }


def _place(owner: str, key: str, word: str) -> dict[str, Any]:
    community = f"{owner[:4]}02001001"
    return {
        "place_id": f"{_number(owner, key):020d}",
        "place_name": word,
        "place_type": "06",
        "std_address": "某路一号",
        "geom": Point(120.1, 30.2, srid=4490),
        "grid_code": f"{community}001",
        "division_code": community,
    }


def _action(owner: str, key: str, word: str) -> dict[str, Any]:
    return {
        "action_id": f"{_number(owner, key):024d}",
        "task_no": "D1",
        "node_code": owner[:12],
        "action": "01",
        "content": word,
        "acted_at": NOON,
    }


def _class(owner: str, key: str, word: str) -> dict[str, Any]:
    return {
        "kind": "2",
        "version": "CHAOS",
        "class_code": f"{_number(owner, key) % 10**5:05d}",
        "class_name": word,
        "big_code": "01",
        "big_name": "某类",
    }


def _task(owner: str, key: str, word: str) -> dict[str, Any]:
    target = (CITY_A, CITY_B)[_number(owner, key) % 2]
    return {
        "task_no": f"T{_number(owner, key)}",
        "title": "督办",
        "source_ref": key,
        "issuer_node": owner[:12],
        "content": word,
        "targets": [target],
        "sign_deadline": NOON,
        "deadline": NOON,
        "urgency": "1",
        "state": "06",
        "issued_at": NOON,
    }


KINDS = {
    kind.name: kind
    for kind in (
        Kind("organisation", "JC02", Organisation, "name", (CITY_A, CITY_B, PROVINCE), _organisation),
        Kind("place", "JC09", Place, "place_name", (CITY_A, CITY_B), _place),
        Kind("action", "JD02", SupervisionAction, "content", (CITY_A, CITY_B), _action),
        Kind("class", "JC08", ClassEntry, "class_name", (NATION,), _class),
        Kind("task", "JD01", SupervisionTask, "content", (NATION, PROVINCE), _task, is_deleted=False),
    )
}


def put(kind: str, owner: str, key: str, word: str, **more: Any) -> uuid.UUID:
    """Write a record of the node that the process is: made where it is not there, else changed."""
    chosen, rid = KINDS[kind], rid_of(kind, owner, key)
    values = {**chosen.fields(owner, key, word), **more}
    if not chosen.model._default_manager.filter(rid=rid).update(**values):
        chosen.model._default_manager.bulk_create([chosen.model(rid=rid, **values)])
    return rid


def take_away(kind: str, owner: str, key: str) -> bool:
    """Delete a record. Whether it was there."""
    rid = rid_of(kind, owner, key)
    return bool(KINDS[kind].model._default_manager.filter(rid=rid).delete()[0])


def holders(kind: str, owner: str, key: str) -> tuple[str, ...]:
    """The nodes that a record is meant for, its owner among them."""
    if kind == "class":
        return (NATION, PROVINCE, CITY_A, CITY_B)
    if kind == "task":
        target = KINDS[kind].fields(owner, key, "")["targets"][0]
        return tuple(dict.fromkeys((owner, PROVINCE, target)))
    if kind == "place":
        return (owner, PROVINCE)
    return tuple(dict.fromkeys((owner, PROVINCE, NATION)))
