"""The counter law: of every received stream, seq = applied + superseded + parked + waiting, each number once."""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection

STATES = ("A", "S", "P", "W")


@dataclass(frozen=True)
class WrongCount:
    """A stream whose counts, entries and numbers do not agree."""

    stream: str
    seq: int
    counted: dict[str, int]
    entries: dict[str, int]

    def __str__(self) -> str:
        return f"{self.stream}: seq {self.seq}, counted {self.counted}, entries {self.entries}"


def streams_that_do_not_add_up() -> list[WrongCount]:
    """Received streams for which the law does not hold, in the counts or in the inbox of the present epoch."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT concat_ws(' ', s.producer_code, s.flow, s.scope, s.lane, s.audience), s.seq,
                   s.applied_count, s.superseded_count, s.parked_count, s.waiting_count,
                   COALESCE(i.a, 0), COALESCE(i.s, 0), COALESCE(i.p, 0), COALESCE(i.w, 0)
            FROM sync_stream s LEFT JOIN (
                SELECT stream_id, epoch_no,
                       count(*) FILTER (WHERE state = 'A') a, count(*) FILTER (WHERE state = 'S') s,
                       count(*) FILTER (WHERE state = 'P') p, count(*) FILTER (WHERE state = 'W') w, max(seq) AS last
                FROM sync_inbox GROUP BY 1, 2) i ON i.stream_id = s.id AND i.epoch_no = s.epoch_no
            WHERE s.producer_code <> %s AND (
                  s.seq <> s.applied_count + s.superseded_count + s.parked_count + s.waiting_count
               OR s.seq <> COALESCE(i.last, 0)
               OR (s.applied_count, s.superseded_count, s.parked_count, s.waiting_count)
                  <> (COALESCE(i.a, 0), COALESCE(i.s, 0), COALESCE(i.p, 0), COALESCE(i.w, 0)))
            ORDER BY s.id
            """,
            [settings.CITYOPS_NODE],
        )
        return [
            WrongCount(
                name, seq, dict(zip(STATES, numbers[:4], strict=True)), dict(zip(STATES, numbers[4:], strict=True))
            )
            for name, seq, *numbers in cursor.fetchall()
        ]
