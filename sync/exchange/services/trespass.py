"""Records that somebody had no right to send 越权记录: noted in the trail at both ends, as they come.

The alarm that stands for them at the receiver is raised and closed by ``alarms``.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from cityops.foundation import audit
from sync.exchange.services.chunks import ParkedLine

ALARMING = frozenset({"OWNER", "SCOPE"})
NAMED = 20
"""Records that an alarm names; all of them are counted."""


def raise_for(producer: str, parked: Iterable[ParkedLine]) -> None:
    """At the receiver: one alarm per code for what ``producer`` had no right to send."""
    _raise(producer, producer, ((line.code, line.dataset, str(line.rid)) for line in parked if line.code in ALARMING))


@transaction.atomic
def raise_from_receipt(receiver: str, parked: Iterable[Mapping[str, Any]]) -> None:
    """At the sender: the same, told by the receiver's receipt."""
    codes = ((str(one["reasons"][0]["code"]), one) for one in parked if one.get("reasons"))
    _raise(receiver, "", ((code, str(one["dataset"]), str(one["rid"])) for code, one in codes if code in ALARMING))


def _raise(peer: str, division_of: str, found: Iterable[tuple[str, str, str]]) -> None:
    by_code: dict[str, list[str]] = {}
    for code, dataset, rid in found:
        by_code.setdefault(code, []).append(f"{dataset} {rid}")
    for code, records in by_code.items():
        audit.record(
            "exchange.alarm",
            kind="Link",
            key=peer,
            division_code=division_of[:12],
            after={"code": code, "records": len(records), "named": records[:NAMED]},
            reason=f"{code}: {records[0]}",
            succeeded=False,
        )
