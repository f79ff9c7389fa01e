"""What travels between nodes, for the pages of the exchange; runs inside an instance (``manage.py shell``)."""

import datetime as dt
import uuid
from itertools import cycle

from django.conf import settings
from django.utils import timezone

from grid.models import Case
from sync.exchange.models import Batch, Comparison, Link, Parked, Receipt, RecordVersion, Stream
from sync.exchange.services import alarms

DATASETS = ("GL01", "GL04", "JC02", "JC04", "JC05", "JC07", "JC11", "JD02")
REASON = [{"code": "class_code", "detail": "小类代码 06043 不在字典中", "remedy": "先上报扩展小类，再重发。"}]


def links(*nodes: str, role: str = "child") -> None:
    """Links of every light, each with streams, comparisons and a parked record."""
    now = timezone.now()
    skews, ages, results = cycle((0.4, 95.0)), cycle((1, 1, 30)), cycle(("equal", "equal", "different", "pending"))
    for node in nodes:
        last = now - dt.timedelta(minutes=next(ages))
        Link.objects.create(
            peer_code=node, role=role, state="live", last_ok_at=last, backlog=7, enrolled_at=now,
            clock_skew_seconds=next(skews),
        )  # fmt: skip
        owner = node if role == "child" else settings.CITYOPS_NODE
        stream = Stream.objects.create(
            producer_code=owner, flow="up", scope="N", lane="normal", epoch_id=uuid.uuid4(), seq=5,
            chain=b"\0" * 32, applied_count=4, parked_count=1, moved_at=now,
        )  # fmt: skip
        header = b'{"made_at": "%s"}' % (now - dt.timedelta(seconds=8)).isoformat().encode()
        Batch.objects.create(
            stream=stream, epoch_no=1, from_seq=1, to_seq=5, base_chain=b"\0" * 32, to_chain=b"\0" * 32, kid="ab" * 16,
            header=header, signature=b"s", body_size=9000, datasets=dict.fromkeys(DATASETS, 5),
        )  # fmt: skip
        for dataset in DATASETS:
            _held(node, owner, dataset, next(results), now)
        if role == "child":
            Parked.objects.create(
                stream=stream, epoch_no=1, seq=5, flow="up", dataset="GL01", owner_code=node, rid=uuid.uuid4(),
                line=b"x", reasons=REASON,
            )  # fmt: skip
        else:
            _returned(stream, node, now)
    alarms.check()


def _held(node: str, owner: str, dataset: str, result: str, now: dt.datetime) -> None:
    common = {"owner_code": owner, "rec_epoch": 1, "rev": 1, "op": "U", "content_sha": b"\0" * 32, "at": now}
    rids = [uuid.uuid4() for _ in range(3)]
    RecordVersion.objects.bulk_create(
        RecordVersion(rid=rid, dataset=dataset, seq=n + 1, **common) for n, rid in enumerate(rids)
    )
    differs = result == "different"
    Comparison.objects.create(
        peer_code=node, owner_code=owner, dataset=dataset, flow="up", result="equal", records=1_204_533,
        peer_records=1_204_533, at=now - dt.timedelta(hours=30), digest="ab" * 32,
    )  # fmt: skip
    Comparison.objects.create(
        peer_code=node, owner_code=owner, dataset=dataset, flow="up", result=result, records=1_204_533,
        peer_records=1_204_533, missing=2 * differs, differing=differs, orphans=differs, at=now, digest="ab" * 32,
        found={"missing": [str(rid) for rid in rids[:2]], "orphans": [str(rids[2])]} if differs else {},
    )  # fmt: skip


def _returned(stream: Stream, parent: str, now: dt.datetime) -> None:
    """A case of this city that its province parked."""
    case = Case.objects.filter(origin_code=settings.CITYOPS_NODE).first()
    assert case is not None
    RecordVersion.objects.update_or_create(
        rid=case.rid,
        defaults={
            "dataset": "GL01", "owner_code": settings.CITYOPS_NODE, "rec_epoch": 1, "rev": 1, "op": "U", "seq": 5,
            "content_sha": b"\0" * 32, "at": now,
        },
    )  # fmt: skip
    Receipt.objects.create(
        stream=stream, receiver_code=parent, epoch_no=1, from_seq=1, upto_seq=5, applied=4, superseded=0,
        parked=[{"seq": "5", "dataset": "GL01", "rid": str(case.rid), "reasons": REASON}], text=b"{}", kid="ab" * 16,
        signature=b"s", made_at=now,
    )  # fmt: skip
