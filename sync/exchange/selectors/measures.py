"""What the exchange itself knows of the quality of data: timely, complete, valid; per owner and dataset.

- timely 及时率: of the records in the last batches, the share that was stored here (or, of what this node sends,
  acknowledged by its parent) within the time of their lane after they were sealed;
- complete 完整率: of the records of the owner's side at the last comparison, the share that the other did not lack;
- valid 有效率: of the records that came, the share that is not parked.

All in percent; None where there is nothing to count.
"""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from django.conf import settings
from django.db import connection

from sync.exchange.models import Comparison

LAST_BATCHES = 200
"""Batches of a stream that timeliness looks at, so that it costs the same however long a stream is."""
LIMIT_SECONDS = {"urgent": 60, "normal": 900, "bulk": 86_400}
"""Within what time a record of each lane should have arrived."""
TIMELY = """
SELECT s.producer_code, d.key, sum(d.value::bigint), sum(d.value::bigint) FILTER (WHERE b.late <= CASE s.lane
    WHEN 'urgent' THEN %s WHEN 'normal' THEN %s ELSE %s END)
FROM sync_stream s, LATERAL (
    SELECT x.datasets, extract(epoch FROM CASE WHEN s.producer_code = %s
        THEN COALESCE((SELECT min(r.made_at) FROM sync_receipt r WHERE r.stream_id = x.stream_id
            AND r.epoch_no = x.epoch_no AND r.upto_seq = x.to_seq AND r.receiver_code <> %s), now()) - x.stored_at
        ELSE x.stored_at - (convert_from(x.header, 'UTF8')::jsonb ->> 'made_at')::timestamptz END) AS late
    FROM sync_batch x WHERE x.stream_id = s.id ORDER BY x.epoch_no DESC, x.from_seq DESC LIMIT %s
) b, jsonb_each_text(b.datasets) d
GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Measure:
    """The quality of one owner's records of one dataset, in percent."""

    timely: Decimal | None = None
    complete: Decimal | None = None
    valid: Decimal | None = None


def share(part: int, whole: int) -> Decimal | None:
    """A part in percent with one decimal, never rounded up to 100; None of nothing."""
    if whole <= 0:
        return None
    return (Decimal(100) * part / whole).quantize(Decimal("0.1"), rounding=ROUND_DOWN)


def timeliness() -> dict[tuple[str, str], Decimal | None]:
    """(owner, dataset) → share of timely records. One query, which reads the last batches of every stream."""
    here = settings.CITYOPS_NODE
    with connection.cursor() as cursor:
        cursor.execute(TIMELY, [*LIMIT_SECONDS.values(), here, here, LAST_BATCHES])
        return {(owner, dataset): share(int(good or 0), int(all_)) for owner, dataset, all_, good in cursor.fetchall()}


def completeness(result: Comparison | None) -> Decimal | None:
    """Share of the owner's records that the other end did not lack, as a comparison found it."""
    if result is None or result.peer_records is None:
        return None
    is_owners_side = (result.flow == "up") == (result.peer_code.endswith(_UPPER[settings.CITYOPS_NODE[-1]]))
    whole = result.records if is_owners_side else result.peer_records
    return share(max(whole - result.missing, 0), whole)


_UPPER = {"C": ("P", "N"), "P": ("N",), "N": ("-",)}
"""Letters of the tiers above each: a peer that ends with one of them is the parent."""


def validity(held: int, parked: int) -> Decimal | None:
    """Share of what came that is not parked."""
    return share(held, held + parked)
