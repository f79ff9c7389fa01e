"""Photos that look odd: asked set-wise, in a window of the time of upload.

Two pictures are one where their difference hashes differ in few of 64 bits. The pairs are found by bands: of two
hashes that differ in at most three bits, one of four bands of 16 bits is the same; of two that differ in at most
seven, one band differs in at most one bit, so each fresh photo is looked for under 17 values of each band.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from cityops.foundation.records import local_node
from grid.models import Case, CaseMedia
from grid.selectors.media import AFTER, BEFORE
from grid.signals.rules.finding import Found, beyond, likeness
from grid.signals.rules.kinds import STRUCTURE_BITS, Kind, Terms

MOST = 2000
"""Signals of one kind that one run writes; the most remarkable first."""
EXACT_BITS = 3
_CASE, _MEDIA = Case._meta.db_table, CaseMedia._meta.db_table
_TELLING = f"""m.case_id IS NOT NULL AND m.phash ~ '^[0-9a-f]{{16}}$'
    AND bit_count(('x' || m.phash)::bit(64)) BETWEEN {STRUCTURE_BITS} AND {64 - STRUCTURE_BITS}"""
_DIFFER = "bit_count(('x' || {0}.phash)::bit(64) # ('x' || {1}.phash)::bit(64))"
SAME_PHOTO = f"""
WITH fresh AS MATERIALIZED (
    SELECT m.media_id, m.case_id, m.phash, m.uploaded_at FROM {_MEDIA} AS m
    WHERE m.uploaded_at >= %(start)s AND m.uploaded_at < %(end)s AND {_TELLING}
), old AS MATERIALIZED (
    SELECT m.media_id, m.case_id, m.phash, m.uploaded_at FROM {_MEDIA} AS m
    WHERE m.uploaded_at >= %(since)s AND m.uploaded_at < %(end)s AND {_TELLING}
), probes AS (
    SELECT f.*, n, ('x' || substr(f.phash, 4 * n + 1, 4))::bit(16)::int # mask AS band
    FROM fresh AS f, generate_series(0, 3) AS n, unnest(%(masks)s::int[]) AS mask
), bands AS (
    SELECT o.*, n, ('x' || substr(o.phash, 4 * n + 1, 4))::bit(16)::int AS band
    FROM old AS o, generate_series(0, 3) AS n
), pairs AS (
    SELECT DISTINCT ON (least(p.case_id, b.case_id), greatest(p.case_id, b.case_id))
        p.case_id AS later, b.case_id AS earlier, p.media_id AS later_photo, b.media_id AS earlier_photo,
        {_DIFFER.format("p", "b")} AS bits
    FROM probes AS p JOIN bands AS b USING (n, band)
    WHERE b.case_id <> p.case_id AND (b.uploaded_at, b.media_id) < (p.uploaded_at, p.media_id)
        AND {_DIFFER.format("p", "b")} <= %(bits)s
    ORDER BY least(p.case_id, b.case_id), greatest(p.case_id, b.case_id), bits
)
SELECT pairs.later, pairs.earlier, pairs.bits, l.division_code, l.case_no, e.case_no,
    round(ST_DistanceSphere(l.geom, e.geom)), pairs.later_photo, pairs.earlier_photo, pm.uploaded_by_id
FROM pairs JOIN {_CASE} AS l ON l.rid = pairs.later JOIN {_CASE} AS e ON e.rid = pairs.earlier
    JOIN {_MEDIA} AS pm ON pm.media_id = pairs.later_photo
WHERE l.origin_code = %(node)s AND ST_DistanceSphere(l.geom, e.geom) >= %(apart)s
    AND l.merged_into IS DISTINCT FROM e.rid AND e.merged_into IS DISTINCT FROM l.rid
    AND (l.merged_into IS NULL OR l.merged_into IS DISTINCT FROM e.merged_into)
    AND l.previous_round IS DISTINCT FROM e.rid AND e.previous_round IS DISTINCT FROM l.rid
ORDER BY pairs.bits, pairs.later LIMIT {MOST}
"""
UNCHANGED = f"""
SELECT DISTINCT ON (m.case_id) m.case_id, c.case_no, c.division_code, c.duty_org, before.media_id, m.media_id,
    {_DIFFER.format("m", "before")} AS bits, m.uploaded_by_id
FROM {_MEDIA} AS m JOIN {_MEDIA} AS before ON before.case_id = m.case_id JOIN {_CASE} AS c ON c.rid = m.case_id
WHERE m.uploaded_at >= %(start)s AND m.uploaded_at < %(end)s AND {_TELLING} AND c.origin_code = %(node)s
    AND m.usage = ANY(%(after)s) AND before.usage = ANY(%(before)s) AND before.phash ~ '^[0-9a-f]{{16}}$'
    AND {_DIFFER.format("m", "before")} <= %(bits)s
ORDER BY m.case_id, bits LIMIT {MOST}
"""
FAR_PHOTO = f"""
SELECT DISTINCT ON (m.case_id) m.case_id, c.case_no, c.division_code, c.duty_org, m.media_id, m.distance_m, m.usage,
    m.uploaded_by_id
FROM {_MEDIA} AS m JOIN {_CASE} AS c ON c.rid = m.case_id
WHERE m.uploaded_at >= %(start)s AND m.uploaded_at < %(end)s AND m.distance_m >= %(metres)s
    AND c.origin_code = %(node)s
ORDER BY m.case_id, m.distance_m DESC LIMIT {MOST}
"""
TRAVEL = f"""
WITH way AS (
    SELECT m.uploaded_by_id AS person, m.taken_at, m.device_id, c.case_no, c.division_code, m.case_id, m.geom,
        lag(m.taken_at) OVER own AS since, lag(m.geom) OVER own AS from_geom, lag(m.device_id) OVER own AS from_device,
        lag(m.case_id) OVER own AS from_case, lag(c.case_no) OVER own AS from_no
    FROM {_MEDIA} AS m JOIN {_CASE} AS c ON c.rid = m.case_id
    WHERE m.taken_at >= %(start)s AND m.taken_at < %(end)s AND m.geom IS NOT NULL AND m.uploaded_by_id IS NOT NULL
        AND m.usage <> %(handled)s AND c.origin_code = %(node)s
    WINDOW own AS (PARTITION BY m.uploaded_by_id ORDER BY m.taken_at, m.media_id)
), legs AS (
    SELECT way.*, ST_DistanceSphere(geom, from_geom) AS metres,
        greatest(extract(epoch FROM taken_at - since), 1) AS seconds
    FROM way WHERE from_geom IS NOT NULL
)
SELECT DISTINCT ON (person, (taken_at AT TIME ZONE %(zone)s)::date)
    person, (taken_at AT TIME ZONE %(zone)s)::date, division_code, case_id, case_no, from_case, from_no,
    round(metres), round(seconds), round(3.6 * metres / seconds::float), device_id = from_device
FROM legs WHERE metres >= %(apart)s AND 3.6 * metres / seconds >= %(speed)s
ORDER BY 1, 2, metres / seconds DESC LIMIT {MOST}
"""


def _rows(statement: str, **given: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"node": local_node(), **given})
        return cursor.fetchall()


def masks_for(bits: int) -> list[int]:
    """By what a band is changed when it is looked for: not at all, or by any one bit as well."""
    return [0] if bits <= EXACT_BITS else [0, *(1 << place for place in range(16))]


def same_photo(terms: Terms, start: datetime, end: datetime) -> list[Found]:
    """Photos of the window that were used in another case before; joined cases, rounds, and near ones left out."""
    bits = terms.values["bits"]
    rows = _rows(
        SAME_PHOTO,
        start=start,
        end=end,
        since=start - timedelta(days=terms.values["history_days"]),
        bits=bits,
        masks=masks_for(bits),
        apart=terms.values["apart_metres"],
    )
    found = []
    for later, earlier, differing, division, number, former, metres, photo, first, person in rows:
        facts = {
            "bits": differing, "threshold": bits, "case": number, "other": former, "metres": int(metres),
            "photo": str(photo), "other_photo": str(first),
        }  # fmt: skip
        key = ":".join(sorted((later.hex, earlier.hex)))
        cases = (str(later), str(earlier))
        found.append(Found(Kind.SAME_PHOTO, key, likeness(differing), division, facts, cases=cases, person=person))
    return found


def unchanged(terms: Terms, start: datetime, end: datetime) -> list[Found]:
    """Cases whose photo after handling is the one from before."""
    bits = terms.values["bits"]
    rows = _rows(UNCHANGED, start=start, end=end, bits=bits, before=list(BEFORE), after=list(AFTER))
    return [
        Found(
            Kind.UNCHANGED, case.hex, likeness(differing), division,
            {"bits": differing, "threshold": bits, "case": number, "photo": str(after), "other_photo": str(before)},
            cases=(str(case),), org_code=org, person=person,
        )
        for case, number, division, org, before, after, differing, person in rows
    ]  # fmt: skip


def far_photo(terms: Terms, start: datetime, end: datetime) -> list[Found]:
    """Cases with a photo whose claimed place is far from theirs."""
    metres = terms.values["metres"]
    rows = _rows(FAR_PHOTO, start=start, end=end, metres=metres)
    return [
        Found(
            Kind.FAR_PHOTO, case.hex, beyond(float(away), metres), division,
            {"metres": round(float(away)), "threshold": metres, "case": number, "photo": str(photo), "usage": usage},
            cases=(str(case),), person=person,
        )
        for case, number, division, _org, photo, away, usage, person in rows
    ]  # fmt: skip


def travel(terms: Terms, start: datetime, end: datetime, zone: str) -> list[Found]:
    """People of whom two photos in a row claim places that nobody can go between in the time; once for each day.

    Photos of handling are left out: a department's crews send them under one account.
    """
    speed = terms.values["speed_kmh"]
    rows = _rows(
        TRAVEL,
        handled=CaseMedia.Usage.HANDLE,
        start=start,
        end=end,
        zone=zone,
        apart=terms.values["apart_metres"],
        speed=speed,
    )
    found = []
    for person, day, division, case, number, former, former_no, metres, seconds, kmh, is_same_device in rows:
        facts = {
            "metres": int(metres), "seconds": int(seconds), "kmh": int(kmh), "threshold": speed, "case": number,
            "other": former_no, "day": day.isoformat(), "one_device": bool(is_same_device),
        }  # fmt: skip
        cases = (str(case),) if case == former else (str(case), str(former))
        found.append(
            Found(
                Kind.TRAVEL, f"{person}@{day.isoformat()}", beyond(kmh, speed), division, facts,
                cases=cases, person=person,
            )
        )  # fmt: skip
    return found
