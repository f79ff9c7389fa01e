"""Batch match 批量匹配: a file of addresses becomes a report of what was found."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from cityops.accounts.models import User
from cityops.foundation import audit
from cityops.foundation.context import current_actor
from cityops.foundation.errors import InvalidInput, field_fault
from grid.places.models import MatchReport
from grid.places.rules.matching import Verdict
from grid.places.selectors.geocoding import Answer, geocode_many
from grid.services.imports.mapping import Mapping
from grid.services.imports.readers import read_rows
from grid.services.imports.uploads import Uploaded

HEADS = ("地址", "标准地址", "原始地址", "详细地址", "事发地址", "address", "std_address", "text")
"""Heads of the column with the addresses, the first that the file has; a file of one column needs none of them."""
MOST = 5_000
"""Addresses in one report."""
LARGEST_FILE = 4 << 20
SUFFIXES = (".csv", ".txt", ".xlsx")


def read_addresses(path: Path, *, name: str = "") -> list[tuple[int, str]]:
    """(row, address) of a csv or xlsx file. Raises InvalidInput where no column is the one with the addresses."""
    heads: list[str] = []
    found: list[tuple[int, str]] = []
    with closing(read_rows(path, Mapping(), name=name or path.name, heads=heads)) as rows:
        for row in rows:
            address = row.values.get(_column(heads), "").strip()
            if address:
                found.append((row.number, address[:300]))
            if len(found) > MOST:
                raise _wrong(_("一次最多匹配 %(most)s 条地址；请分成几个文件。") % {"most": MOST})
    if not found:
        raise _wrong(_("文件中没有地址。"))
    return found


def _column(heads: list[str]) -> str:
    if len(heads) == 1:
        return heads[0]
    for head in HEADS:
        if head in heads:
            return head
    raise _wrong(_("找不到地址列。文件中的列为 %(found)s；请把地址列命名为“地址”。") % {"found": "、".join(heads[:40])})


def _wrong(detail: str) -> InvalidInput:
    return field_fault("file", "invalid_file", detail)


def match_upload(actor: User, upload: Uploaded) -> MatchReport:
    """The report of an uploaded file. Raises InvalidInput, FileRefused."""
    name = Path((upload.name or "upload").replace("\\", "/")).name
    with NamedTemporaryFile(suffix=Path(name).suffix) as kept:
        for block in upload.chunks():
            kept.write(block)
        kept.flush()
        addresses = read_addresses(Path(kept.name), name=name)
    return match_addresses(actor, name, addresses)


@transaction.atomic
def match_addresses(actor: User | None, title: str, addresses: Iterable[tuple[int, str]]) -> MatchReport:
    """Match (row, address) pairs and keep the report; ``None`` matches as the instance itself."""
    pairs = list(addresses)
    entries = list(_entries(pairs, geocode_many(actor, (address for _row, address in pairs))))
    counted = Counter(entry["verdict"] for entry in entries)
    report = MatchReport.objects.create(
        division_code=actor.division_code if actor else settings.CITYOPS_REGION,
        title=title[-200:],
        made_by=current_actor().name,
        total=len(entries),
        found=counted[Verdict.FOUND],
        ambiguous=counted[Verdict.AMBIGUOUS],
        missing=counted[Verdict.MISSING],
        rows=entries,
    )
    audit.record(
        "place.match",
        kind="MatchReport",
        key=report.pk,
        division_code=report.division_code,
        after={"file": report.title, "total": report.total, "found": report.found},
    )
    return report


def _entries(pairs: list[tuple[int, str]], answers: Iterator[Answer]) -> Iterator[dict[str, Any]]:
    for (number, address), answer in zip(pairs, answers, strict=True):
        yield {"row": number, "text": address, "verdict": answer.verdict.value, **entry_of(answer)}


def entry_of(answer: Answer) -> dict[str, Any]:
    """The best candidate of an answer as it is kept: numbers and codes; empty texts where there is none."""
    if not answer.candidates:
        return {"place_id": "", "name": "", "address": "", "score": None, "reasons": [], "others": 0}
    best = answer.candidates[0]
    lon, lat = best.place.point
    return {
        "place_id": best.place.place_id,
        "name": best.place.place_name,
        "address": best.place.std_address,
        "score": best.score,
        "reasons": list(best.reasons),
        "longitude": round(lon, 7),
        "latitude": round(lat, 7),
        "grid_code": best.place.grid_code,
        "others": len(answer.candidates) - 1,
    }
