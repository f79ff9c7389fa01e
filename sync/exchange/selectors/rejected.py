"""What an upper tier sent back 退回记录: own records that the parent parked, and that were not mended since."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from cityops.foundation import mending

REJECTED = """
SELECT r.receiver_code, e.value ->> 'dataset', v.rid, v.seq, e.value -> 'reasons', r.made_at
FROM sync_receipt r JOIN sync_stream s ON s.id = r.stream_id
CROSS JOIN LATERAL jsonb_array_elements(r.parked) e
JOIN sync_record v ON v.rid = (e.value ->> 'rid')::uuid AND v.seq = (e.value ->> 'seq')::bigint
    AND v.dataset = e.value ->> 'dataset' AND v.owner_code = s.producer_code
WHERE r.parked <> '[]'::jsonb AND s.producer_code = %s AND s.flow = 'up' AND r.receiver_code <> %s
    AND r.epoch_no = s.epoch_no
    AND NOT EXISTS (SELECT FROM sync_comparison c WHERE c.owner_code = v.owner_code AND c.dataset = v.dataset
        AND c.peer_code = r.receiver_code AND c.result = 'equal' AND c.at > r.made_at)
ORDER BY r.made_at DESC, v.rid LIMIT %s
"""
MOST = 2000


@dataclass(frozen=True)
class Rejected:
    """One own record that a tier above parked."""

    receiver_code: str
    dataset: str
    rid: UUID
    seq: int
    reasons: list[dict[str, str]]
    at: datetime
    title: str = ""
    """What people call the record: its number or name."""
    url: str = ""
    """Where it is mended; empty where this person cannot."""
    dataset_title: str = ""


def rejected(user: Any, titles: Mapping[str, str]) -> list[Rejected]:
    """The own records that a tier above has parked in the version that stands, the newest first.

    Only for who is responsible for the whole of this node: a receipt does not say to which division a record belongs.
    ``titles`` names the datasets.
    """
    if getattr(user, "division_code", None) != settings.CITYOPS_REGION:
        return []
    with connection.cursor() as cursor:
        cursor.execute(REJECTED, [settings.CITYOPS_NODE, settings.CITYOPS_NODE, MOST])
        rows = cursor.fetchall()
    named: dict[str, dict[UUID, mending.Mended]] = {}
    for dataset in {row[1] for row in rows}:
        named[dataset] = mending.find(dataset, [row[2] for row in rows if row[1] == dataset], user)
    found = []
    for receiver, dataset, rid, seq, reasons, at in rows:
        where = named[dataset].get(rid, mending.Mended())
        said = json.loads(reasons) if isinstance(reasons, str) else reasons
        title = titles.get(dataset, dataset)
        found.append(Rejected(receiver, dataset, rid, seq, said, at, where.title, where.url, title))
    return found
