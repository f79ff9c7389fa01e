"""Records that third parties hand in as NDJSON: validated, staged, merged as this node's own, all of a request or none.

Each chunk of lines goes through one decoder, one COPY into a temporary table, one pass of rules and one upsert. A line
that is at fault is refused with its reasons and holds up nothing; what went in leaves marks like any change made here.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.errors import CityOpsError, InvalidInput, NotAllowed, field_fault
from cityops.foundation.records import Flow, RecordKind, registry
from sync.exchange.rules.lines import LONGEST_LINE, MOST_LINES, TooMuch, chunks_of
from sync.exchange.services import ingesting
from sync.exchange.services.decoding import Fault, Reader
from sync.exchange.services.shapes import Shape, steady_text

AT_ONCE = 10_000
"""Lines that are staged together."""


class TooLarge(CityOpsError):
    """The request has more lines, or a longer one, than one may have."""

    code = "too_large"
    status = 413


@dataclass
class Pushed:
    """What became of the lines of a request."""

    accepted: int = 0
    unchanged: int = 0
    refused: int = 0
    answer: list[bytes] = field(default_factory=list)
    """One line of NDJSON per line, in order, in chunks."""


def open_kind(dataset: str) -> RecordKind:
    """The kind that third parties may hand in. Raises InvalidInput for any other."""
    kind = registry.get(dataset) if dataset in registry else None
    if kind is None or not kind.is_open or kind.flow is not Flow.UP or kind.addressed_by:
        known = ", ".join(one.dataset for one in registry if one.is_open and one.flow is Flow.UP)
        raise field_fault("dataset", "unknown_dataset", _("可报送的数据集:%s。") % known)
    return kind


def push(actor: User, dataset: str, read: Callable[[int], bytes]) -> Pushed:
    """Take the lines that ``read`` gives. Raises InvalidInput, TooLarge; then nothing was stored."""
    kind = open_kind(dataset)
    if not kind.division_field and actor.division_code != settings.CITYOPS_REGION:
        raise NotAllowed(_("此数据集不分区划,只能由负责全域的人员报送。"))
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            steady_text(cursor)
            done = _take(cursor, actor, Shape(kind), chunks_of(read, AT_ONCE))
            audit.record(
                "records.push",
                kind=dataset,
                division_code=actor.division_code,
                after={"accepted": done.accepted, "unchanged": done.unchanged, "refused": done.refused},
            )
    except TooMuch as error:
        told = _("每次最多 %(lines)s 行,每行最多 %(bytes)s 字节。") % {"lines": MOST_LINES, "bytes": LONGEST_LINE}
        with transaction.atomic():
            audit.record("records.push", kind=dataset, after={"code": str(error)}, reason=told, succeeded=False)
        raise TooLarge(told) from error
    if not done.answer:
        raise InvalidInput(_("请求中没有记录。"))
    return done


def _take(cursor: CursorWrapper, actor: User, shape: Shape, chunks: Iterator[list[bytes]]) -> Pushed:
    done, reader, first = Pushed(), Reader(shape.kind), 1
    for lines in chunks:
        faults = reader.faults(lines)
        good = [(first + place, line) for place, line in enumerate(lines) if place not in faults]
        refused = {first + place: found for place, found in faults.items()}
        merged = merge(cursor, ingesting.Merge(shape, actor.scope_prefix), good)
        refused.update(merged.refused)
        _tell(done, first, len(lines), refused, merged.unchanged)
        first += len(lines)
    return done


def merge(cursor: CursorWrapper, into: ingesting.Merge, good: list[tuple[int, bytes]]) -> ingesting.Merged:
    """Merge numbered lines; those that the database refuses are found by halving. Raises nothing for a bad line."""
    if not good:
        return ingesting.Merged()
    error: Exception
    for finds_clashes in (False, True):
        try:
            with transaction.atomic():
                return ingesting.merge(cursor, into, good, finds_clashes=finds_clashes)
        except ingesting.REFUSED_BY_DATABASE as found:
            error = found
            if not isinstance(found, IntegrityError):
                break
    if len(good) == 1 or into.patience.left <= 0:
        into.patience.left -= 1
        told = [{"field": "-", "code": "database", "remedy": ingesting.told(error)}]
        return ingesting.Merged(refused={number: told for number, _line in good})
    middle = len(good) // 2
    left, right = merge(cursor, into, good[:middle]), merge(cursor, into, good[middle:])
    return ingesting.Merged({**left.refused, **right.refused}, left.unchanged | right.unchanged)


def _tell(done: Pushed, first: int, count: int, refused: dict[int, list[Fault]], unchanged: set[int]) -> None:
    """Write the answer to each line of a chunk."""
    done.refused += len(refused)
    done.unchanged += len(unchanged)
    done.accepted += count - len(refused) - len(unchanged)
    told = []
    for number in range(first, first + count):
        if number in refused:
            found = json.dumps(refused[number], ensure_ascii=False)
            told.append(f'{{"line":{number},"result":"refused","errors":{found}}}\n')
        elif number in unchanged:
            told.append(f'{{"line":{number},"result":"accepted","unchanged":true}}\n')
        else:
            told.append(f'{{"line":{number},"result":"accepted"}}\n')
    done.answer.append("".join(told).encode())
